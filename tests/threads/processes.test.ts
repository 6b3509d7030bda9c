/** Threads in processes of their own: that they end, that they nest, and that one thread is left where there can be no more. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const source = join(import.meta.dirname, '..', '..', 'src')
const folder = mkdtempSync(join(tmpdir(), 'pullback-threads-'))
afterAll(() => rmSync(folder, { recursive: true }))

beforeAll(async () => {
  const bundle = (entry: string, outfile: string, platform: string, minify = false): Promise<unknown> =>
    build({ entryPoints: [join(source, entry)], outfile: join(folder, outfile), bundle: true, format: 'esm', platform: 'node', target: 'node20', alias: { '#platform': join(source, 'platform', `${platform}.ts`) }, minify, keepNames: minify, logLevel: 'error' })
  await Promise.all([
    bundle('index.ts', 'pullback.mjs', 'node'),
    bundle('index.ts', 'minified.mjs', 'node', true),
    bundle('index.ts', 'browser.mjs', 'browser'),
    bundle('platform/worker.ts', 'worker.mjs', 'browser'),
  ])
})

interface Ran {
  readonly status: number | null
  readonly output: string
  /** Milliseconds from the program's last line to its end. */
  readonly ending: number
}

/** Runs a program that has `pullback`, `work()` (a sum of many tanh) and `sleep` at hand; from `library`. */
function run(text: string, { library = 'pullback', threads = '2', flags = [] as string[], before = '' } = {}): Ran {
  const file = join(folder, `program-${Math.random().toString(36).slice(2)}.mjs`)
  writeFileSync(file, `${before}
const { debug, jit, np } = await import('./${library}.mjs')
const sum = jit((x) => np.sum(np.tanh(x)))
const ones = np.ones([2e5])
const work = () => sum(ones).item()
const sleep = (milliseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
const turn = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
${text}
console.log('END', Date.now())
`)
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, file], { encoding: 'utf8', env: { ...process.env, PULLBACK_THREADS: threads }, timeout: 60_000 })
  const ended = Date.now()
  const [output = '', end] = (stdout + stderr).split('END')
  return { status, output: output.trim(), ending: ended - Number(end) }
}

/** Far more than ending takes, far less than a worker that keeps the process alive. */
const soon = 5000

describe('a process ends at once', () => {
  test.each(Object.entries({
    'while its workers come up': 'work()',
    'while they look out for work': 'debug.threads(4); for (let i = 0; i < 30; i++) work()',
    'while they sleep': 'for (let i = 0; i < 30; i++) work(); sleep(100)',
    'by process.exit': "for (let i = 0; i < 30; i++) work(); console.log('END', Date.now()); process.exit(0)",
    'after the number of threads has changed': 'for (const n of [4, 2, 3]) { debug.threads(n); for (let i = 0; i < 30; i++) work() }',
  }))('%s', (_, text) => {
    const { status, ending } = run(text)
    expect(status).toBe(0)
    expect(ending).toBeLessThan(soon)
  })
})

test('threads come up by themselves, from minified code too, and change no result', () => {
  for (const library of ['pullback', 'minified']) {
    const text = `
const { existsSync, readdirSync } = await import('node:fs')
const tasks = '/proc/self/task'
debug.threads(1); const alone = work()
const before = existsSync(tasks) ? readdirSync(tasks).length : 0
debug.threads(3)
for (let i = 0; i < 100; i++) if (work() !== alone) throw new Error('another result')
console.log(debug.threads(), existsSync(tasks) ? readdirSync(tasks).length - before : 2)`
    expect(run(text, { library })).toMatchObject({ status: 0, output: '3 2' })
  }
})

test('PULLBACK_THREADS says how many; what is no number of threads is refused', () => {
  expect(run('console.log(debug.threads())', { threads: '7' }).output).toBe('7')
  const { status, output } = run('work()', { threads: 'many' })
  expect(status).toBe(1)
  expect(output).toContain("the environment variable PULLBACK_THREADS is 'many'; it takes an integer from 1")
  expect(run('try { debug.threads(0) } catch (e) { console.log(String(e)) }').output).toBe('ArgumentError: debug.threads: got 0; a number of threads is an integer from 1 to 32')
})

test('a wrong setting is the error of the first call that needs it, and not of the import; put right, the next call works', () => {
  const before = `
const wrong = { PULLBACK_SHARE_ABOVE: '-1', PULLBACK_WINOGRAD: 'no', PULLBACK_THREADS: 'many' }
Object.assign(process.env, wrong)
const { np: numpy } = await import('./pullback.mjs')
for (const name of Object.keys(wrong)) {
  try { numpy.ones([3]) } catch (e) { console.log(String(e)) }
  delete process.env[name]
}`
  const { status, output } = run('console.log(work() > 0)', { before })
  expect(output.split('\n')).toEqual([
    "ArgumentError: ones: the environment variable PULLBACK_SHARE_ABOVE is '-1'; it takes an integer from 0",
    "ArgumentError: ones: the environment variable PULLBACK_WINOGRAD is 'no'; it takes an integer from 0",
    "ArgumentError: ones: the environment variable PULLBACK_THREADS is 'many'; it takes an integer from 1",
    'true',
  ])
  expect(status).toBe(0)
})

test('the library works inside worker threads, each with threads of its own', () => {
  const text = `
const { Worker, isMainThread } = await import('node:worker_threads')
const { fileURLToPath } = await import('node:url')
for (let i = 0; i < 20; i++) work()
const results = await Promise.all([1, 2, 3].map(() => new Promise((resolve, reject) => {
  const worker = new Worker(\`
    const { workerData, parentPort } = require('node:worker_threads')
    import(workerData).then(({ debug, jit, np }) => {
      debug.threads(2)
      const sum = jit((x) => np.sum(np.tanh(x)))
      let last = 0
      for (let i = 0; i < 20; i++) last = sum(np.ones([2e5])).item()
      parentPort.postMessage(last)
    })\`, { eval: true, workerData: new URL('./pullback.mjs', import.meta.url).href })
  worker.on('message', resolve); worker.on('error', reject)
})))
console.log(results.every((r) => r === work()))`
  const { status, output, ending } = run(text)
  expect({ status, output }).toEqual({ status: 0, output: 'true' })
  expect(ending).toBeLessThan(soon)
})

test('where workers are not allowed, one thread does the work', () => {
  const permission = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'
  const { status, output } = run('for (let i = 0; i < 100; i++) work()\nconsole.log(debug.threads())', { flags: ['--no-warnings', permission, '--allow-fs-read=*'] })
  expect({ status, output }).toEqual({ status: 0, output: '1' })
})

/** What a page or a worker in a browser has, made of Node's worker threads. */
const likeBrowser = (isolated: boolean, mainMayWait: boolean): string => `
import { Worker as Thread } from 'node:worker_threads'
Object.defineProperty(globalThis, 'navigator', { value: { hardwareConcurrency: 2 }, configurable: true })
globalThis.crossOriginIsolated = ${isolated}
const started = globalThis.started = []
globalThis.Worker = class {
  constructor(url, options) {
    started.push(String(url))
    const file = new URL('./worker.mjs', import.meta.url).href
    this.thread = new Thread(\`
      const { parentPort } = require('node:worker_threads')
      globalThis.WorkerGlobalScope = true
      globalThis.addEventListener = (_, listener) => parentPort.once('message', (data) => listener({ data }))
      import(\${JSON.stringify(file)})\`, { eval: true })
    this.thread.unref()
  }
  addEventListener() {}
  postMessage(message) { this.thread.postMessage(message) }
  terminate() { void this.thread.terminate() }
}
${mainMayWait ? '' : "Atomics.wait = () => { throw new TypeError('Atomics.wait cannot be called in this context') }"}
`

describe('in a browser', () => {
  test('a page that is not cross-origin isolated has one thread, and starts no worker', () => {
    const { status, output } = run('for (let i = 0; i < 20; i++) work()\nconsole.log(debug.threads(), started.length)', { library: 'browser', before: likeBrowser(false, false) })
    expect({ status, output }).toEqual({ status: 0, output: '1 0' })
  })

  test.each([true, false])('workers come from a file as the event loop turns, and the calls before that have one thread (main thread may wait: %s)', (mainMayWait) => {
    const text = `
const alone = work()
for (let i = 0; i < 10; i++) { await turn(30); if (work() !== alone) throw new Error('another result') }
for (let i = 0; i < 100; i++) if (work() !== alone) throw new Error('another result')
console.log(debug.threads(), started.length, started[0].endsWith('/worker.js'))
debug.threads(2, { worker: 'https://example.org/elsewhere.js' })
work()
console.log(started[1])
process.exitCode = 0; console.log('END', Date.now()); process.exit()`
    const { status, output } = run(text, { library: 'browser', before: likeBrowser(true, mainMayWait) })
    expect({ status, output }).toEqual({ status: 0, output: '2 1 true\nhttps://example.org/elsewhere.js' })
  })
})
