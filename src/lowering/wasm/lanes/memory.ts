/** Elements between memory and lanes: contiguous, repeated, or lane by lane. */
import { scalarBytes } from '../../../core/bytes.ts'
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import { bitsToBrain, bitsToHalf, halfBits } from './half.ts'
import { keep, type Lanes, type Value, zeroVector } from './lanes.ts'

/** A byte address: a local plus a constant that is not negative. */
export interface Address {
  readonly local: Local
  readonly offset: number
}

const loadLaneOp = { 1: 'v128.load8_lane', 2: 'v128.load16_lane', 4: 'v128.load32_lane', 8: 'v128.load64_lane' } as const
const storeLaneOp = { 1: 'v128.store8_lane', 2: 'v128.store16_lane', 4: 'v128.store32_lane', 8: 'v128.store64_lane' } as const

const moved = ({ local, offset }: Address, bytes: number): Address => ({ local, offset: offset + bytes })

/** Vectors as they lie in memory, before widening: narrow elements at the low end of one v128. */
type Raw = readonly Local[]

/** Elements at `address`, `address + size`, … */
export function loadContiguous(fn: FunctionBuilder, dtype: DType, lanes: Lanes, address: Address): Value {
  const { bytes } = dtypeInfo[dtype]
  if (dtype === 'int16' && lanes === 4) return [keep(fn.get(address.local).mem('v128.load16x4_s', address.offset, 2))]
  if (dtype === 'uint16' && lanes === 4) return [keep(fn.get(address.local).mem('v128.load16x4_u', address.offset, 2))]
  if (bytes <= 4) return widen(fn, dtype, [loadBytes(fn, bytes * lanes, address)])
  const perPart = 16 / bytes
  const parts: Local[] = []
  for (let at = 0; at < 4; at += perPart) {
    const count = Math.min(perPart, lanes - at)
    parts.push(count > 0 ? loadBytes(fn, count * bytes, moved(address, at * bytes)) : zeroVector(fn))
  }
  return widen(fn, dtype, parts)
}

// The low `count` bytes of a vector from memory, the rest zero, reading nothing beyond.
function loadBytes(fn: FunctionBuilder, count: number, { local, offset }: Address): Local {
  if (count === 16) return keep(fn.get(local).mem('v128.load', offset, 4))
  const pieces: number[] = []
  for (let at = 0; at < count; ) {
    const size = at === 0 && count >= 8 ? 8 : count - at >= 4 ? 4 : count - at >= 2 ? 2 : 1
    pieces.push(size)
    at += size
  }
  for (let i = 1; i < pieces.length; i++) fn.get(local) // addresses of the later pieces, below the vector
  const [first = 1] = pieces
  if (first === 8) fn.get(local).mem('v128.load64_zero', offset, 4)
  else if (first === 4) fn.get(local).mem('v128.load32_zero', offset)
  else fn.get(local).i32x4(0).memLane(first === 2 ? 'v128.load16_lane' : 'v128.load8_lane', 0, offset)
  let at = first
  for (const size of pieces.slice(1)) {
    fn.memLane(size === 4 ? 'v128.load32_lane' : size === 2 ? 'v128.load16_lane' : 'v128.load8_lane', at / size, offset + at)
    at += size
  }
  return keep(fn)
}

/** One element in every lane. */
export function loadSplat(fn: FunctionBuilder, dtype: DType, { local, offset }: Address): Value {
  fn.get(local)
  switch (dtypeInfo[dtype].bytes) {
    case 1:
      return widen(fn, dtype, [keep(fn.mem('v128.load8_splat', offset))])
    case 2:
      return widen(fn, dtype, [keep(fn.mem('v128.load16_splat', offset))])
    case 4:
      return [keep(fn.mem('v128.load32_splat', offset))]
    case 8: {
      const part = keep(fn.mem('v128.load64_splat', offset, 4))
      return [part, part]
    }
    case 16: {
      const part = keep(fn.mem('v128.load', offset, 8))
      return [part, part, part, part]
    }
  }
}

/**
 * Each lane from an address of its own. `read(lane, load)` either calls `load` with the lane's address, or does so under a
 * condition: then the lane keeps `otherwise`.
 */
export function loadLanes(fn: FunctionBuilder, dtype: DType, lanes: Lanes, otherwise: number | boolean, read: (lane: number, load: (address: Address) => void) => void): Value {
  const { bytes } = dtypeInfo[dtype]
  const raw = rawLiteral(fn, dtype, otherwise)
  for (let lane = 0; lane < lanes; lane++) {
    read(lane, ({ local, offset }) => {
      const part = raw[bytes <= 4 ? 0 : Math.floor((lane * bytes) / 16)]!
      if (bytes === 16) fn.get(local).mem('v128.load', offset, 8).set(part)
      else fn.get(local).get(part).memLane(loadLaneOp[bytes], bytes === 8 ? lane % 2 : lane, offset).set(part)
    })
  }
  return widen(fn, dtype, raw)
}

function rawLiteral(fn: FunctionBuilder, dtype: DType, value: number | boolean): Local[] {
  const { bytes } = dtypeInfo[dtype]
  const one = dtype === 'key' ? new Uint8Array(8) : scalarBytes(value, dtype)
  const filled = Uint8Array.from({ length: 16 }, (_, at) => one[at % bytes] ?? 0)
  const parts = bytes <= 4 ? 1 : bytes / 4
  return Array.from({ length: parts }, () => keep(fn.v128(filled), 'raw'))
}

function widen(fn: FunctionBuilder, dtype: DType, raw: Raw): Value {
  const [low] = raw
  if (low === undefined) return raw
  switch (dtype) {
    case 'int8':
      return [keep(fn.get(low).emit('i16x8.extend_low_i8x16_s').emit('i32x4.extend_low_i16x8_s'))]
    case 'uint8':
      return [keep(fn.get(low).emit('i16x8.extend_low_i8x16_u').emit('i32x4.extend_low_i16x8_u'))]
    case 'bool':
      return [keep(fn.get(low).emit('i16x8.extend_low_i8x16_u').emit('i32x4.extend_low_i16x8_u').emit('i32x4.neg'))]
    case 'int16':
      return [keep(fn.get(low).emit('i32x4.extend_low_i16x8_s'))]
    case 'uint16':
      return [keep(fn.get(low).emit('i32x4.extend_low_i16x8_u'))]
    case 'float16':
      return [bitsToHalf(fn, keep(fn.get(low).emit('i32x4.extend_low_i16x8_u')))]
    case 'bfloat16':
      return [bitsToBrain(fn, keep(fn.get(low).emit('i32x4.extend_low_i16x8_u')))]
    case 'float32':
    case 'float64':
    case 'int32':
    case 'uint32':
    case 'complex64':
    case 'complex128':
    case 'key':
      return raw
  }
}

const everyByte = (...lanes: readonly number[]): number[] => [...lanes, ...Array<number>(16 - lanes.length).fill(0)]
const lowBytes = everyByte(0, 4, 8, 12)
const lowHalves = everyByte(0, 1, 4, 5, 8, 9, 12, 13)
const highHalves = everyByte(2, 3, 6, 7, 10, 11, 14, 15)

function narrow(fn: FunctionBuilder, dtype: DType, value: Value): Raw {
  const [x] = value
  if (x === undefined) return value
  switch (dtype) {
    case 'int8':
    case 'uint8':
      return [keep(fn.get(x).get(x).shuffle(lowBytes))]
    case 'bool': {
      const ones = keep(fn.get(x).i32x4(1).emit('v128.and'))
      return [keep(fn.get(ones).get(ones).shuffle(lowBytes))]
    }
    case 'int16':
    case 'uint16':
      return [keep(fn.get(x).get(x).shuffle(lowHalves))]
    case 'float16': {
      const half = halfBits(fn, x)
      return [keep(fn.get(half).get(half).shuffle(lowHalves))]
    }
    case 'bfloat16':
      return [keep(fn.get(x).get(x).shuffle(highHalves))]
    case 'float32':
    case 'float64':
    case 'int32':
    case 'uint32':
    case 'complex64':
    case 'complex128':
    case 'key':
      return value
  }
}

/** Writes the lanes to `address`, `address + size`, … and nothing beyond. */
export function storeContiguous(fn: FunctionBuilder, dtype: DType, lanes: Lanes, address: Address, value: Value): void {
  const { bytes } = dtypeInfo[dtype]
  const raw = narrow(fn, dtype, value)
  if (bytes <= 4) return storeBytes(fn, bytes * lanes, address, raw[0]!)
  const perPart = 16 / bytes
  for (let at = 0; at < lanes; at += perPart) storeBytes(fn, Math.min(perPart, lanes - at) * bytes, moved(address, at * bytes), raw[at / perPart]!)
}

function storeBytes(fn: FunctionBuilder, count: number, { local, offset }: Address, vector: Local): void {
  if (count === 16) {
    fn.get(local).get(vector).mem('v128.store', offset, 4)
    return
  }
  for (let at = 0; at < count; ) {
    const size = at === 0 && count >= 8 ? 8 : count - at >= 4 ? 4 : count - at >= 2 ? 2 : 1
    fn.get(local).get(vector).memLane(storeLaneOp[size], at / size, offset + at)
    at += size
  }
}

/** Each lane to an address of its own: `addressOf(lane)`. */
export function storeLanes(fn: FunctionBuilder, dtype: DType, lanes: Lanes, value: Value, addressOf: (lane: number) => Address): void {
  const raw = narrow(fn, dtype, value)
  for (let lane = 0; lane < lanes; lane++) storeRaw(fn, dtype, lane, raw, addressOf(lane))
}

/** One lane. */
export const storeLane = (fn: FunctionBuilder, dtype: DType, lane: number, value: Value, address: Address): void => storeRaw(fn, dtype, lane, narrow(fn, dtype, value), address)

function storeRaw(fn: FunctionBuilder, dtype: DType, lane: number, raw: Raw, { local, offset }: Address): void {
  const { bytes } = dtypeInfo[dtype]
  const part = raw[bytes <= 4 ? 0 : Math.floor((lane * bytes) / 16)]!
  if (bytes === 16) fn.get(local).get(part).mem('v128.store', offset, 8)
  else fn.get(local).get(part).memLane(storeLaneOp[bytes], bytes === 8 ? lane % 2 : lane, offset)
}

/** Copies one element: the address to write to and that to read from are on the stack. */
export function copyElement(fn: FunctionBuilder, bytes: 1 | 2 | 4 | 8 | 16): void {
  switch (bytes) {
    case 1:
      return void fn.mem('i32.load8_u').mem('i32.store8')
    case 2:
      return void fn.mem('i32.load16_u').mem('i32.store16')
    case 4:
      return void fn.mem('i32.load').mem('i32.store')
    case 8:
      return void fn.mem('i64.load', 0, 4).mem('i64.store', 0, 4)
    case 16:
      return void fn.mem('v128.load', 0, 8).mem('v128.store', 0, 8)
  }
}
