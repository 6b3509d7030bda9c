/** The types of values on WebAssembly's stack. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'

/** Type codes of the binary format. */
export const valueTypeCode: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b }

/** Parameters and results of a function. */
export interface FunctionType {
  readonly params: readonly ValueType[]
  readonly results: readonly ValueType[]
}

/** A fault in how the assembler was used: always a bug of the emitter that calls it, never of a user's program. */
export class AssemblyError extends Error {
  override readonly name: string = 'AssemblyError'
}
