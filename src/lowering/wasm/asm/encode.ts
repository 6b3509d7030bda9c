import type { ByteWriter } from './byte-writer.ts'
import type { FunctionRef, Instruction, Local } from './instruction.ts'
import { valueTypeCode, type FunctionType } from './value-type.ts'

/** Indices that are known only when the whole module is. */
export interface IndexSpace {
  readonly functionIndex: (ref: FunctionRef) => number
  readonly typeIndex: (type: FunctionType) => number
}

const encodeOpcode = (out: ByteWriter, code: number): void => {
  if (code <= 0xff) return out.byte(code)
  const digits = code > 0xffff ? 12 : 8
  out.byte(code >> digits)
  out.u32(code & ((1 << digits) - 1))
}

const alignmentExponent = (bytes: number): number => 31 - Math.clz32(bytes)

/** Writes one instruction: its opcode, then its immediates. Those of 'none', 'local' and 'index' are written by the caller. */
const encodeInstruction = (out: ByteWriter, instruction: Instruction, space: IndexSpace): void => {
  const { op, a, b, payload } = instruction
  encodeOpcode(out, op.code)
  switch (op.kind) {
    case 'none':
    case 'local':
    case 'index':
      return
    case 'i32':
      return out.s32(a)
    case 'i64':
      return out.s64(payload as bigint)
    case 'f32':
      return out.f32(a)
    case 'f64':
      return out.f64(a)
    case 'bytes':
      return out.bytes(payload as Uint8Array)
    case 'memory':
      out.byte(alignmentExponent(b))
      return out.u32(a)
    case 'memoryLane':
      out.byte(alignmentExponent(op.size))
      out.u32(a)
      return out.byte(b)
    case 'lane':
      return out.byte(a)
    case 'zeros':
      for (let i = 0; i < op.size; i++) out.byte(0)
      return
    case 'block': {
      const { results } = payload as FunctionType
      const [only] = results
      if (only === undefined) return out.byte(0x40)
      if (results.length === 1) return out.byte(valueTypeCode[only])
      return out.s32(space.typeIndex(payload as FunctionType))
    }
    case 'function':
      return out.u32(space.functionIndex(payload as FunctionRef))
    case 'table': {
      const depths = payload as readonly number[]
      out.u32(depths.length)
      for (const depth of depths) out.u32(depth)
      return out.u32(a)
    }
  }
}

// Most instructions are a byte or two and perhaps a local: those are written without a call, because code is encoded while
// a program is waited for, and mostly before the engine has optimised this loop.
const encodeAll = (out: ByteWriter, code: readonly Instruction[], space: IndexSpace): void => {
  let buffer = out.room(roomForMost)
  let at = out.length
  for (const instruction of code) {
    const { op } = instruction
    const { kind } = op
    if (kind !== 'none' && kind !== 'local' && kind !== 'index') {
      out.length = at
      encodeInstruction(out, instruction, space)
      buffer = out.room(roomForMost)
      at = out.length
      continue
    }
    if (at + roomForMost > buffer.length) {
      out.length = at
      buffer = out.room(roomForMost)
    }
    let rest = op.code
    if (rest <= 0xff) buffer[at++] = rest
    else {
      const digits = rest > 0xffff ? 12 : 8
      buffer[at++] = rest >> digits
      rest &= (1 << digits) - 1
      if (rest > 0x7f) {
        buffer[at++] = (rest & 0x7f) | 0x80
        rest >>>= 7
      }
      buffer[at++] = rest
    }
    if (kind === 'none') continue
    rest = instruction.a
    while (rest > 0x7f) {
      buffer[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    buffer[at++] = rest
  }
  out.length = at
}
/** Bytes of an opcode and one index at most, with some to spare. */
const roomForMost = 16

/** Writes declarations of locals, in runs of one type, then the body and its `end`. */
export const encodeBody = (out: ByteWriter, locals: readonly Local[], code: readonly Instruction[], space: IndexSpace): void => {
  const runs: { count: number; readonly type: Local['type'] }[] = []
  for (const { type } of locals) {
    const last = runs.at(-1)
    if (last?.type === type) last.count++
    else runs.push({ count: 1, type })
  }
  out.u32(runs.length)
  for (const { count, type } of runs) {
    out.u32(count)
    out.byte(valueTypeCode[type])
  }
  encodeAll(out, code, space)
  out.byte(0x0b)
}
