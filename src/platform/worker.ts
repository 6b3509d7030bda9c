/** A worker's file in browsers: its first message says which memory it works in; from then on it listens to that alone. */
import { workerLoop, type WorkerSetup } from './worker-loop.ts'

export { workerLoop }

// Loaded as a module by anything but a page's worker, it does nothing.
if ('WorkerGlobalScope' in globalThis) {
  globalThis.addEventListener('message', (event) => {
    workerLoop((event as MessageEvent<WorkerSetup>).data) // sent by browser.ts, which types it
  }, { once: true })
}
