type Offered = Readonly<Record<string, (...args: never[]) => unknown>>

interface Call {
  readonly name: string
  readonly args: readonly never[]
}

/** Lets tests call these functions of a page (`run` of `harness.ts`), and pages call them of a worker that runs the same script. */
export function offer(functions: object): void {
  Object.assign(globalThis, { offered: functions })
  if (!('WorkerGlobalScope' in globalThis)) return
  globalThis.addEventListener('message', (event) => {
    const { name, args } = (event as MessageEvent<Call>).data // sent by `inWorker`
    Promise.resolve((functions as Offered)[name]!(...args)).then((value) => postMessage({ value }), (e: unknown) => postMessage({ error: String(e) }))
  })
}

/** Calls a function that `script` offers, in a worker of its own. */
export async function inWorker(script: string, name: string, args: readonly unknown[]): Promise<unknown> {
  const worker = new Worker(script, { type: 'module' })
  try {
    return await new Promise((resolve, reject) => {
      worker.addEventListener('error', (event) => {
        reject(new Error(`${script} as a worker: ${event.message}`))
      })
      worker.addEventListener('message', ({ data }: MessageEvent<{ readonly value?: unknown; readonly error?: string }>) => {
        if (data.error === undefined) resolve(data.value)
        else reject(new Error(data.error))
      })
      worker.postMessage({ name, args })
    })
  } finally {
    worker.terminate()
  }
}

/** The event loop turns: workers come up, finalizers run. */
export const turn = (milliseconds = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))
