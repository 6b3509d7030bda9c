/**
 * Element types: the whole vocabulary of the public contract, with what every layer needs to know of each.
 *
 * Storage: `float16` and `bfloat16` are their 16 bits, `bool` one byte of 0 or 1, complex interleaved pairs,
 * `key` (a PRNG key) two uint32 words.
 */
export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'bool'
  | 'complex64'
  | 'complex128'
  | 'key'

export type DTypeKind = 'float' | 'int' | 'uint' | 'bool' | 'complex' | 'key'

interface DTypeInfo {
  readonly kind: DTypeKind
  /** Bytes of one element in storage. */
  readonly bytes: 1 | 2 | 4 | 8 | 16
  /** JAX's short name, as jaxprs print it. */
  readonly short: string
}

export const dtypeInfo: { readonly [D in DType]: DTypeInfo } = {
  float32: { kind: 'float', bytes: 4, short: 'f32' },
  float64: { kind: 'float', bytes: 8, short: 'f64' },
  float16: { kind: 'float', bytes: 2, short: 'f16' },
  bfloat16: { kind: 'float', bytes: 2, short: 'bf16' },
  int8: { kind: 'int', bytes: 1, short: 'i8' },
  int16: { kind: 'int', bytes: 2, short: 'i16' },
  int32: { kind: 'int', bytes: 4, short: 'i32' },
  uint8: { kind: 'uint', bytes: 1, short: 'u8' },
  uint16: { kind: 'uint', bytes: 2, short: 'u16' },
  uint32: { kind: 'uint', bytes: 4, short: 'u32' },
  bool: { kind: 'bool', bytes: 1, short: 'bool' },
  complex64: { kind: 'complex', bytes: 8, short: 'c64' },
  complex128: { kind: 'complex', bytes: 16, short: 'c128' },
  key: { kind: 'key', bytes: 8, short: 'key<fry>' },
}

export const dtypes: readonly DType[] = Object.keys(dtypeInfo) as DType[]

export function isDType(name: unknown): name is DType {
  return typeof name === 'string' && Object.hasOwn(dtypeInfo, name)
}

export const isFloating = (d: DType): boolean => dtypeInfo[d].kind === 'float'
export const isComplex = (d: DType): boolean => dtypeInfo[d].kind === 'complex'
/** Signed or unsigned integer; `bool` is not one. */
export const isInteger = (d: DType): boolean => dtypeInfo[d].kind === 'int' || dtypeInfo[d].kind === 'uint'
/** The least and the greatest of an integer dtype. */
export function integerRange(d: DType): readonly [least: number, greatest: number] {
  const bits = 8 * dtypeInfo[d].bytes
  return isUnsigned(d) ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1]
}
/**
 * A plain number in an integer dtype, as JAX has it: whole ones wrap, as Python's integers do; of others the fraction is
 * cut off, past the ends of the dtype they are its end, and NaN is 0.
 */
export function asInteger(x: number, d: DType): number {
  const [least, greatest] = integerRange(d)
  if (Number.isNaN(x)) return 0
  if (!Number.isInteger(x)) return Math.trunc(Math.min(Math.max(x, least), greatest)) + 0 // no -0
  if (x >= least && x <= greatest) return x + 0
  const count = greatest - least + 1
  return (((x - least) % count) + count) % count + least
}
export const isUnsigned = (d: DType): boolean => dtypeInfo[d].kind === 'uint'
/** True for dtypes that carry tangents: real and complex floating point. */
export const isInexact = (d: DType): boolean => isFloating(d) || isComplex(d)
