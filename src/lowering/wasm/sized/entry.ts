/** The one function of a module whose sizes are read at run time. */
import type { FunctionBuilder, Local, ModuleBuilder } from '../asm/index.ts'

export interface Entry {
  readonly fn: FunctionBuilder
  /** The addresses of operands and results, as locals that may be moved along. */
  readonly pointers: Local[]
  /** The address behind the list of addresses: where the sizes stand. */
  readonly sizes: Local
  /** Size number i. */
  readonly word: (i: number) => Local
}

/** `run(threadId, threadCount, args)`: `args` points to the arena's address, `count` more, and the sizes. */
export function entry(module: ModuleBuilder, count: number, shared: boolean): Entry {
  module.importMemory('env', 'memory', shared ? { min: 0, max: 65536, shared } : { min: 0 })
  const fn = module.function('run', ['i32', 'i32', 'i32'])
  module.export('run', fn)
  const args = fn.param(2)
  const loaded = (offset: number, name: string): Local => {
    const local = fn.local('i32', name)
    fn.get(args).mem('i32.load', offset).set(local)
    return local
  }
  const pointers = Array.from({ length: count }, (_, i) => loaded(4 * (1 + i), `p${i}`))
  const sizes = fn.local('i32', 'sizes')
  fn.get(args).i32(4 * (1 + count)).emit('i32.add').set(sizes)
  return { fn, pointers, sizes, word: (i) => loaded(4 * (1 + count + i), `n${i}`) }
}
