/**
 * JAX's type promotion: a lattice of dtypes and weak (Python-like) scalars, in which two types meet at their least
 * common upper bound. 64-bit integers, which exist in JAX's lattice alone, become 32-bit ones.
 * Source: JAX documentation, "Type promotion semantics".
 */
import { type DType, dtypeInfo } from './dtype.ts'
import { DtypeError } from './errors.ts'

/** Weakly typed scalars: an integer-valued, a fractional and a complex number. */
type Weak = 'int*' | 'float*' | 'complex*'
type Node = Exclude<DType, 'key'> | 'int64' | 'uint64' | Weak

/** What stands directly above each node. */
const above: Readonly<Record<Node, readonly Node[]>> = {
  bool: ['int*'],
  'int*': ['uint8', 'int8'],
  uint8: ['int16', 'uint16'],
  uint16: ['int32', 'uint32'],
  uint32: ['int64', 'uint64'],
  uint64: ['float*'],
  int8: ['int16'],
  int16: ['int32'],
  int32: ['int64'],
  int64: ['float*'],
  'float*': ['bfloat16', 'float16', 'complex*'],
  bfloat16: ['float32'],
  float16: ['float32'],
  float32: ['float64', 'complex64'],
  float64: ['complex128'],
  'complex*': ['complex64'],
  complex64: ['complex128'],
  complex128: [],
}

const upper = new Map<Node, ReadonlySet<Node>>()
function upperBounds(n: Node): ReadonlySet<Node> {
  const known = upper.get(n)
  if (known !== undefined) return known
  const all = new Set<Node>([n])
  for (const a of above[n]) for (const b of upperBounds(a)) all.add(b)
  upper.set(n, all)
  return all
}

function join(a: Node, b: Node): Node {
  const common = [...upperBounds(a)].filter((n) => upperBounds(b).has(n))
  // The least is the one whose own upper bounds are all the common ones.
  return common.find((n) => upperBounds(n).size === common.length)!
}

/** A dtype and whether it is weak: what promotion works on. */
export interface PromotionType {
  readonly dtype: DType
  readonly weakType: boolean
}

function nodeOf({ dtype, weakType }: PromotionType, operation: string): Node {
  if (dtype === 'key') throw new DtypeError(operation, 'PRNG keys do not take part in arithmetic; use random.keyData for their words')
  if (!weakType || dtype === 'bool') return dtype
  switch (dtypeInfo[dtype].kind) {
    case 'int':
    case 'uint':
      return 'int*'
    case 'float':
      return 'float*'
    default:
      return 'complex*'
  }
}

function typeOf(n: Node): PromotionType {
  switch (n) {
    case 'int*':
      return { dtype: 'int32', weakType: true }
    case 'float*':
      return { dtype: 'float32', weakType: true }
    case 'complex*':
      return { dtype: 'complex64', weakType: true }
    case 'int64':
      return { dtype: 'int32', weakType: false }
    case 'uint64':
      return { dtype: 'uint32', weakType: false }
    default:
      return { dtype: n, weakType: false }
  }
}

const pairs = new Map<string, PromotionType>()

/** The type at which two meet. */
export function promoteTypes(a: PromotionType, b: PromotionType, operation = 'promoteTypes'): PromotionType {
  if (a.dtype === b.dtype && a.weakType === b.weakType) return a
  const [x, y] = [nodeOf(a, operation), nodeOf(b, operation)]
  const key = `${x},${y}`
  let out = pairs.get(key)
  if (out === undefined) pairs.set(key, (out = typeOf(join(x, y))))
  // All operands weak and of one kind keep their width: float64 and a weak float32 stay as they are.
  return out.weakType && a.weakType && b.weakType ? { dtype: wider(out.dtype, a, b), weakType: true } : out
}

function wider(dtype: DType, a: PromotionType, b: PromotionType): DType {
  for (const t of [a, b]) if (dtypeInfo[t.dtype].kind === dtypeInfo[dtype].kind && dtypeInfo[t.dtype].bytes > dtypeInfo[dtype].bytes) return t.dtype
  return dtype
}

/** The dtype of an operation on arrays of these dtypes: `np.promoteTypes`. */
export const resultType = (types: readonly PromotionType[], operation = 'resultType'): PromotionType => types.reduce((a, b) => promoteTypes(a, b, operation))
