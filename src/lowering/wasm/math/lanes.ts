import type { FunctionBuilder, FunctionRef, Local, PlainName, ValueType } from '../asm/index.ts'

/** Code that leaves one vector on the stack each time it is run. Use `keep` for what is read more than once. */
export type Expr = () => void

export type FloatShape = 'f32x4' | 'f64x2'
type IntShape = 'i32x4' | 'i64x2'

/**
 * Vector arithmetic written as expressions: `v.add(v.mul(a, b), v.c(1))`. Names without a prefix are of the floating shape,
 * those that begin with `i` of the integer shape of the same width; masks are vectors of all-ones and zero lanes.
 */
export interface Lanes {
  readonly fn: FunctionBuilder
  readonly shape: FloatShape
  readonly get: (local: Local) => Expr
  /** Runs the expression now and gives back a read of the local that holds it, in the same scope of the function. */
  readonly keep: (expr: Expr) => Expr
  /** Of arguments side by side: a read of the one that is being computed. */
  readonly each: (locals: readonly Local[]) => Expr
  /** Runs the expression for each of the arguments side by side: the locals that hold what it gives. */
  readonly computed: (expr: Expr) => readonly Local[]
  readonly emit: (name: PlainName, ...operands: readonly Expr[]) => Expr
  readonly call: (target: FunctionRef, ...operands: readonly Expr[]) => Expr

  /** The same number in every lane. */
  readonly c: (value: number) => Expr
  /** The same integer in every lane. */
  readonly ic: (value: number | bigint) => Expr
  readonly add: (a: Expr, b: Expr) => Expr
  readonly sub: (a: Expr, b: Expr) => Expr
  readonly mul: (a: Expr, b: Expr) => Expr
  readonly div: (a: Expr, b: Expr) => Expr
  readonly neg: (a: Expr) => Expr
  readonly abs: (a: Expr) => Expr
  readonly sqrt: (a: Expr) => Expr
  readonly floor: (a: Expr) => Expr
  readonly trunc: (a: Expr) => Expr
  readonly nearest: (a: Expr) => Expr
  /** `b < a ? b : a`: one instruction; a NaN in `a` stays. */
  readonly pmin: (a: Expr, b: Expr) => Expr
  /** `a < b ? b : a`: one instruction; a NaN in `a` stays. */
  readonly pmax: (a: Expr, b: Expr) => Expr
  readonly eq: (a: Expr, b: Expr) => Expr
  readonly ne: (a: Expr, b: Expr) => Expr
  readonly lt: (a: Expr, b: Expr) => Expr
  readonly le: (a: Expr, b: Expr) => Expr
  readonly gt: (a: Expr, b: Expr) => Expr
  readonly ge: (a: Expr, b: Expr) => Expr

  readonly and: (a: Expr, b: Expr) => Expr
  readonly or: (a: Expr, b: Expr) => Expr
  readonly xor: (a: Expr, b: Expr) => Expr
  /** `a & ~b`. */
  readonly andnot: (a: Expr, b: Expr) => Expr
  readonly not: (a: Expr) => Expr
  /** `mask ? a : b`. */
  readonly select: (mask: Expr, a: Expr, b: Expr) => Expr

  readonly iadd: (a: Expr, b: Expr) => Expr
  readonly isub: (a: Expr, b: Expr) => Expr
  readonly imul: (a: Expr, b: Expr) => Expr
  readonly ieq: (a: Expr, b: Expr) => Expr
  readonly igt: (a: Expr, b: Expr) => Expr
  readonly shl: (a: Expr, bits: number) => Expr
  readonly shrU: (a: Expr, bits: number) => Expr
  readonly shrS: (a: Expr, bits: number) => Expr

  /** c0 + x (c1 + x (c2 + …)), coefficients in ascending order. */
  readonly poly: (x: Expr, coefficients: readonly number[]) => Expr
  /** The same with x² at hand: even and odd powers apart, half as deep a chain of dependent operations. */
  readonly polyByParity: (x: Expr, square: Expr, coefficients: readonly number[]) => Expr
  /** The same in pairs, c0 + c1 x and so on: shorter still by a step (Estrin). */
  readonly polyByPairs: (x: Expr, square: Expr, coefficients: readonly number[]) => Expr
  readonly signBit: (a: Expr) => Expr
  /** The magnitude of `a`, which must not be negative, with the sign of `sign`. */
  readonly withSignOf: (a: Expr, sign: Expr) => Expr
}

/**
 * The vocabulary of expressions for one shape, emitting into one function. With a `width` above 1 a formula is computed for as
 * many arguments side by side: what it keeps is kept for each, one after the other, so that their latencies overlap.
 */
export const lanes = (fn: FunctionBuilder, shape: FloatShape, width = 1): Lanes => {
  const ints: IntShape = shape === 'f32x4' ? 'i32x4' : 'i64x2'
  const vector: ValueType = 'v128'
  /** Which of the arguments side by side is being computed. */
  let side = 0
  const get = (local: Local): Expr => () => void fn.get(local)
  const each = (locals: readonly Local[]): Expr => () => void fn.get(locals[side]!)
  const computed = (expr: Expr): readonly Local[] => {
    const outside = side
    const made: Local[] = []
    for (side = 0; side < width; side++) {
      expr()
      const local = fn.local(vector)
      fn.set(local)
      made.push(local)
    }
    side = outside
    return made
  }
  const emit = (name: PlainName, ...operands: readonly Expr[]): Expr => () => {
    for (const operand of operands) operand()
    fn.emit(name)
  }
  const shift = (name: PlainName) => (a: Expr, bits: number): Expr => () => {
    a()
    fn.i32(bits).emit(name)
  }
  const keep = (expr: Expr): Expr => each(computed(expr))
  const unary = (name: PlainName) => (a: Expr): Expr => emit(name, a)
  const binary = (name: PlainName) => (a: Expr, b: Expr): Expr => emit(name, a, b)
  const c = (value: number): Expr => () => void (shape === 'f32x4' ? fn.f32x4(value) : fn.f64x2(value))
  const ic = (value: number | bigint): Expr => () => void (shape === 'f32x4' ? fn.i32x4(Number(value)) : fn.i64x2(BigInt(value)))
  const add = binary(`${shape}.add`)
  const mul = binary(`${shape}.mul`)
  const and = binary('v128.and')
  const or = binary('v128.or')
  const poly = (x: Expr, coefficients: readonly number[]): Expr => {
    const [last = 0, ...rest] = coefficients.toReversed()
    return rest.reduce<Expr>((sum, coefficient) => add(mul(sum, x), c(coefficient)), c(last))
  }
  const signMask = shape === 'f32x4' ? ic(-0x80000000) : ic(-0x8000000000000000n)
  const signBit = (a: Expr): Expr => and(a, signMask)
  return {
    fn, shape, get, emit, c, ic, add, mul, and, or, signBit,
    each, computed, keep,
    call: (target, ...operands) => () => {
      for (const operand of operands) operand()
      fn.call(target)
    },
    sub: binary(`${shape}.sub`), div: binary(`${shape}.div`), neg: unary(`${shape}.neg`), abs: unary(`${shape}.abs`),
    sqrt: unary(`${shape}.sqrt`), floor: unary(`${shape}.floor`), trunc: unary(`${shape}.trunc`), nearest: unary(`${shape}.nearest`),
    pmin: binary(`${shape}.pmin`), pmax: binary(`${shape}.pmax`),
    eq: binary(`${shape}.eq`), ne: binary(`${shape}.ne`), lt: binary(`${shape}.lt`), le: binary(`${shape}.le`),
    gt: binary(`${shape}.gt`), ge: binary(`${shape}.ge`),
    xor: binary('v128.xor'), andnot: binary('v128.andnot'), not: unary('v128.not'),
    select: (mask, a, b) => emit('v128.bitselect', a, b, mask),
    iadd: binary(`${ints}.add`), isub: binary(`${ints}.sub`), imul: binary(`${ints}.mul`), ieq: binary(`${ints}.eq`), igt: binary(`${ints}.gt_s`),
    shl: shift(`${ints}.shl`), shrU: shift(`${ints}.shr_u`), shrS: shift(`${ints}.shr_s`),
    poly,
    polyByParity: (x, square, coefficients) => {
      const parity = (odd: number): readonly number[] => coefficients.filter((_, i) => i % 2 === odd)
      return add(mul(poly(square, parity(1)), x), poly(square, parity(0)))
    },
    polyByPairs: (x, square, coefficients) => {
      const pairs: Expr[] = []
      for (let i = 0; i < coefficients.length; i += 2) pairs.push(poly(x, coefficients.slice(i, i + 2)))
      return pairs.reduceRight((sum, pair) => add(mul(sum, square), pair))
    },
    withSignOf: (a, sign) => or(a, signBit(sign)),
  }
}
