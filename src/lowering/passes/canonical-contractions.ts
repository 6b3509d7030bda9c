/**
 * A contraction whose result is only wanted with its sides exchanged is the contraction of the exchanged sides: rows
 * and columns then come out as they are stored. Reverse mode makes such of every weight: dW = (dyᵀ · x)ᵀ = xᵀ · dy.
 */
import type { Eqn, EqnFor, Jaxpr, Var } from '../../core/jaxpr.ts'
import { mapPrograms } from './rebuild.ts'

export function canonicalContractions(jaxpr: Jaxpr): Jaxpr {
  const inner = mapPrograms(jaxpr, canonicalContractions)
  const uses = new Map<Var, number>()
  const count = (v: unknown): void => {
    if (isVar(v)) uses.set(v, (uses.get(v) ?? 0) + 1)
  }
  for (const e of inner.equations) e.inputs.forEach(count)
  inner.outputs.forEach(count)
  const products = new Map<Var, EqnFor<'dotGeneral'>>()
  let changed = false
  const equations = inner.equations.map((e): Eqn => {
    if (e.primitive === 'dotGeneral') products.set(e.outputs[0]!, e)
    if (e.primitive !== 'transpose') return e
    const [x] = e.inputs
    const product = x?.kind === 'var' && uses.get(x) === 1 ? products.get(x) : undefined
    if (product === undefined || !exchanges(product, e.params.permutation)) return e
    changed = true
    const { contracting, batch } = product.params.dimensionNumbers
    const dimensionNumbers = { contracting: [contracting[1], contracting[0]], batch: [batch[1], batch[0]] } as const
    const exchanged = { primitive: 'dotGeneral', params: { ...product.params, dimensionNumbers }, inputs: [product.inputs[1]!, product.inputs[0]!], outputs: e.outputs } as const
    products.set(e.outputs[0]!, exchanged)
    return exchanged
  })
  return changed ? { ...inner, equations } : inner
}

const isVar = (x: unknown): x is Var => typeof x === 'object' && x !== null && 'kind' in x && x.kind === 'var'

/** Batch axes where they were, then the right side's free axes, then the left's. */
function exchanges(product: EqnFor<'dotGeneral'>, permutation: readonly number[]): boolean {
  const { contracting, batch } = product.params.dimensionNumbers
  const b = batch[0].length
  const left = product.inputs[0]!.aval.shape.length - b - contracting[0].length
  const right = product.inputs[1]!.aval.shape.length - b - contracting[1].length
  if (left === 0 || right === 0) return false
  const wanted = permutation.map((_, i) => (i < b ? i : i < b + right ? i + left : i - right))
  return permutation.every((p, i) => p === wanted[i])
}
