/**
 * Arithmetic on numbers written in the program. Only operations that are rounded correctly on every device: what is
 * folded has the bits that it would have had.
 */
import { aval } from '../../core/aval.ts'
import { decodeNumbers, encodeNumbers } from '../../core/bytes.ts'
import { type DType, dtypeInfo } from '../../core/dtype.ts'
import { type Atom, type Eqn, type Jaxpr, Literal } from '../../core/jaxpr.ts'
import type { Primitive } from '../../core/primitives/index.ts'
import { mapPrograms, Renaming, withInputs } from './rebuild.ts'

export function foldConstants(jaxpr: Jaxpr): Jaxpr {
  const inner = mapPrograms(jaxpr, foldConstants)
  const names = new Renaming()
  const equations: Eqn[] = []
  for (const original of inner.equations) {
    const e = withInputs(original, names.all(original.inputs))
    const [out] = e.outputs
    const value = out === undefined || out.aval.shape.length > 0 ? null : fold(e)
    if (value === null || out === undefined) equations.push(e)
    else names.set(out, new Literal(value, aval([], out.aval.dtype, out.aval.weakType)))
  }
  return { ...inner, equations, outputs: names.all(inner.outputs) }
}

type Fold = (xs: readonly number[], dtype: DType) => number

/** What is calculated here; beside that, conversions and quotients of floats. */
export const foldRules: { readonly [P in Primitive]?: Fold } = {
  neg: ([x]) => -x!,
  abs: ([x]) => Math.abs(x!),
  square: ([x], d) => multiply(x!, x!, d),
  sqrt: ([x]) => Math.sqrt(x!),
  floor: ([x]) => Math.floor(x!),
  ceil: ([x]) => Math.ceil(x!),
  add: ([x, y]) => x! + y!,
  sub: ([x, y]) => x! - y!,
  mul: ([x, y], d) => multiply(x!, y!, d),
  max: ([x, y]) => Math.max(x!, y!),
  min: ([x, y]) => Math.min(x!, y!),
  eq: ([x, y]) => Number(x === y),
  ne: ([x, y]) => Number(x !== y),
  lt: ([x, y]) => Number(x! < y!),
  le: ([x, y]) => Number(x! <= y!),
  gt: ([x, y]) => Number(x! > y!),
  ge: ([x, y]) => Number(x! >= y!),
}

const multiply = (x: number, y: number, dtype: DType): number => (dtypeInfo[dtype].kind === 'float' ? x * y : Math.imul(x, y))

/** Types whose arithmetic JavaScript has exactly: one rounding of a float64 result is the float32 result. */
const foldable: readonly DType[] = ['float32', 'float64', 'int32', 'bool']

function fold(e: Eqn): number | boolean | null {
  if (!e.inputs.every((a): a is Literal => a.kind === 'literal') || e.inputs.length === 0) return null
  const [first] = e.inputs
  const from = first!.aval.dtype
  const to = e.outputs[0]!.aval.dtype
  if (!foldable.includes(from) || !foldable.includes(to)) return null
  const xs = e.inputs.map(numberOf)
  // Here as well as in `simplify`: arithmetic on what is chosen goes on.
  if (e.primitive === 'selectN' && from === 'bool') return rounded(xs[1 + xs[0]!]!, to)
  if (e.primitive === 'div' && dtypeInfo[from].kind === 'float') return rounded(xs[0]! / xs[1]!, to)
  if (e.primitive === 'convertElementType') {
    // a float that no integer is, is clamped: left to the device
    const fits = dtypeInfo[from].kind !== 'float' || dtypeInfo[to].kind !== 'int' || (Number.isInteger(xs[0]) && Math.abs(xs[0]!) < 2 ** 31)
    return fits ? rounded(xs[0]!, to) : null
  }
  if (from === 'bool') return null
  const rule = foldRules[e.primitive]
  return rule === undefined ? null : rounded(rule(xs, from), to)
}

function numberOf(a: Atom): number {
  return a.kind === 'literal' ? Number(rounded(Number(a.value), a.aval.dtype)) : NaN
}

/** A number as the dtype holds it. */
function rounded(x: number, dtype: DType): number | boolean {
  if (dtype === 'bool') return x !== 0
  return decodeNumbers(encodeNumbers([x], dtype), dtype)[0]!
}
