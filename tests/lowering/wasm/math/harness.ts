import { checkStack, ModuleBuilder, type FunctionBuilder, type Local } from '../../../../src/lowering/wasm/asm/index.ts'
import { createHelpers, type Helpers } from '../../../../src/lowering/wasm/math/index.ts'
import '../../../families.ts'

const pageBytes = 65536

/** Emits code that reads vectors from locals and leaves one on the stack. */
export type VectorBody = (fn: FunctionBuilder, inputs: readonly Local[], helpers: Helpers) => void

/**
 * Compiles a body as a loop over vectors of 16 bytes and gives back a function from the bytes of its inputs, which are of one
 * length, to those of its output.
 */
export const vectorMap = (count: number, body: VectorBody): ((...inputs: readonly Uint8Array[]) => Uint8Array<ArrayBuffer>) => {
  const module = new ModuleBuilder({ check: checkStack })
  module.importMemory('env', 'memory', { min: 1 })
  const helpers = createHelpers(module)
  const fn = module.function('map', ['i32', 'i32'])
  const [bytes, stride] = [fn.param(0), fn.param(1)]
  const at = fn.local('i32', 'at')
  const address = fn.local('i32', 'address')
  const inputs = Array.from({ length: count }, (_, i) => fn.local('v128', `x${i}`))
  fn.forLoop(at, 0, bytes, 16, () => {
    fn.get(at).set(address)
    for (const input of inputs) fn.get(address).mem('v128.load').set(input).get(address).get(stride).emit('i32.add').set(address)
    fn.get(address)
    body(fn, inputs, helpers)
    fn.mem('v128.store')
  })
  module.export('map', fn)
  const compiled = new WebAssembly.Module(module.toBytes())
  return (...sources) => {
    const length = sources[0]?.length ?? 0
    const padded = Math.ceil(length / 16) * 16
    const memory = new WebAssembly.Memory({ initial: Math.ceil((padded * (count + 1)) / pageBytes) + 1 })
    sources.forEach((source, i) => new Uint8Array(memory.buffer).set(source, i * padded))
    const { map } = new WebAssembly.Instance(compiled, { env: { memory } }).exports
    if (typeof map !== 'function') throw new Error('the module exports its loop')
    Reflect.apply(map, undefined, [padded, padded])
    return new Uint8Array(memory.buffer.slice(count * padded, count * padded + length))
  }
}

const bytesOf = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

export const mapF32 = (body: VectorBody, ...inputs: readonly Float32Array[]): Float32Array => new Float32Array(vectorMap(inputs.length, body)(...inputs.map(bytesOf)).buffer)
export const mapF64 = (body: VectorBody, ...inputs: readonly Float64Array[]): Float64Array => new Float64Array(vectorMap(inputs.length, body)(...inputs.map(bytesOf)).buffer)
export const mapI32 = (body: VectorBody, ...inputs: readonly (Int32Array | Uint32Array | Float32Array)[]): Int32Array => new Int32Array(vectorMap(inputs.length, body)(...inputs.map(bytesOf)).buffer)

/** The distance between two numbers of that many mantissa bits around `x`. */
export const ulp = (x: number, mantissa: 23 | 52): number => {
  const smallest = mantissa === 23 ? -126 : -1022
  const magnitude = Math.abs(x)
  let exponent = magnitude === 0 ? smallest : Math.floor(Math.log2(magnitude))
  if (2 ** exponent > magnitude) exponent-- // log2 of a number just below a power of two
  return 2 ** (Math.max(exponent, smallest) - mantissa)
}

/** A small deterministic generator (mulberry32): numbers in [0, 1). */
export const generator = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
