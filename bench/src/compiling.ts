/** Compiling apart from running: what happens from a call to the moment when its program's code is there. */

export interface Compiled {
  /** From the start of the call to the end of the last instantiation: traced, lowered, emitted, compiled. */
  readonly milliseconds: number
  /** Of all modules made meanwhile. */
  readonly bytes: number
}

/** Watches a call that compiles a program and runs it. */
export function compiling(call: () => void): Compiled {
  const { Module, Instance } = WebAssembly
  let [bytes, end] = [0, NaN]
  // The library makes each program by these two constructors, one after the other.
  WebAssembly.Module = class extends Module {
    constructor(code: BufferSource) {
      super(code)
      bytes += code.byteLength
    }
  } as typeof Module // with its static functions, which are inherited
  WebAssembly.Instance = class extends Instance {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      super(module, imports)
      end = performance.now()
    }
  } as typeof Instance // likewise
  const start = performance.now()
  try {
    call()
  } finally {
    Object.assign(WebAssembly, { Module, Instance })
  }
  if (Number.isNaN(end)) throw new Error('nothing was compiled')
  return { milliseconds: end - start, bytes }
}
