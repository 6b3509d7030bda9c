/** What the platform's file for browsers does in a page and in a worker. */
import { collectGarbage, gunzip, mayBlock, platformName, readFile, sharesMemory, writeFile } from '#platform'
import { debug, grad, jit, np } from 'pullback'
import { inWorker, offer } from './offer.ts'

const imported = performance.now()

interface Place {
  readonly name: string
  readonly isolated: boolean
  readonly sharesMemory: boolean
  readonly mayBlock: boolean
  readonly collects: boolean
}

export interface Functions {
  readonly place: () => Place
  readonly placeInWorker: () => Promise<unknown>
  readonly firstResult: () => { readonly imported: number; readonly milliseconds: number; readonly value: unknown }
  readonly read: (url: string) => Promise<string>
  readonly write: () => Promise<string>
  readonly inflate: () => Promise<readonly [number, string]>
  readonly threads: () => number
}

const functions: Functions = {
  place: () => ({ name: platformName, isolated: globalThis.crossOriginIsolated, sharesMemory: sharesMemory(), mayBlock: mayBlock(), collects: collectGarbage !== null }),
  placeInWorker: () => inWorker('platform.js', 'place', []),
  threads: () => debug.threads(),

  /** Milliseconds from the start of the page until the library was imported, and from there to the value of a compiled gradient. */
  firstResult: () => {
    const started = performance.now()
    const f = jit(grad((x: np.NDArray) => np.sum(np.sin(x).mul(x))))
    const value = f(np.array([0.5, 1])).js()
    return { imported, milliseconds: performance.now() - started, value }
  },

  read: async (url) => new TextDecoder().decode(await readFile(url)),
  write: () => writeFile('x', 'y').then(() => 'written', String),

  /** The length of what a gzip holds, and what is said where it holds a byte too many. */
  inflate: async () => {
    const packed = new Response(new Blob(['pullback '.repeat(1000)]).stream().pipeThrough(new CompressionStream('gzip')))
    const bytes = new Uint8Array(await packed.arrayBuffer())
    const { length } = await gunzip(bytes, 9000)
    return [length, await gunzip(bytes, 8999).then(() => 'inflated', String)]
  },
}

offer(functions)
