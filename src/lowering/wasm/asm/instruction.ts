import type { Opcode } from './opcodes.ts'
import type { FunctionType, ValueType } from './value-type.ts'

/** A function of the module, defined or imported. Its index is fixed when the module is written. */
export interface FunctionRef {
  readonly name: string
  readonly type: FunctionType
}

/** A local variable or parameter of one function. */
export interface Local {
  readonly index: number
  readonly type: ValueType
  readonly name: string
}

export type Payload = null | Uint8Array | bigint | readonly number[] | FunctionRef | FunctionType

/**
 * One instruction: what both the bytes and the text are printed from.
 * `a` and `b` hold numeric immediates: offset and alignment, lane, branch depth, local index, constant.
 */
export interface Instruction {
  readonly op: Opcode
  readonly a: number
  readonly b: number
  readonly payload: Payload
}
