/**
 * How far rounding can take a linear function's value: a bound, not a guess. The value is a sum over paths of products
 * of factors; however it is ordered, what is computed differs from it by at most a few units of rounding a step, times
 * the sum of the paths' absolute values. That sum is the same program with every factor and every input made positive.
 */
import type { NDArray } from 'pullback'
import { makeJaxpr } from 'pullback'
import { type HostArray, numbersOf } from '../../src/backends/cpu/host-array.ts'
import { isFloating } from '../../src/core/dtype.ts'
import { type Eqn, eqn } from '../../src/core/jaxpr.ts'
import { hostOf } from './values.ts'
import { absolute, applyRule, selects, walk, type Weighed, weightOf } from './walk.ts'

/** For each number that the linear function gives: the sum of the absolute values of what adds up to it. */
export function pathSums(f: (...inputs: NDArray[]) => NDArray[], inputs: readonly NDArray[]): Float64Array[] {
  const { jaxpr, consts } = makeJaxpr(f)(...inputs)
  const given = [...consts.map((c): Weighed => ({ ...hostOf(c), weight: null })), ...inputs.map((x): Weighed => ({ ...hostOf(x), weight: absolute(hostOf(x)) }))]
  return walk(jaxpr, given, visit).map((x) => Float64Array.from(numbersOf(weightOf(x))))
}

function visit(e: Eqn, inputs: readonly Weighed[]): Weighed[] {
  const values = applyRule(e, inputs)
  if (inputs.every((x) => x.weight === null) || !isFloating(e.outputs[0]!.aval.dtype)) return values.map((v) => ({ ...v, weight: null }))
  const weights = applyRule(positive(e), inputs.map((x, i) => (selects(e, i) ? x : floating(x) ? weightOf(x) : x)))
  return values.map((v, i) => ({ ...v, weight: weights[i]! }))
}

const floating = (x: HostArray): boolean => isFloating(x.aval.dtype)

function positive(e: Eqn): Eqn {
  if (e.primitive === 'sub') return eqn('add', {}, e.inputs, e.outputs)
  return e.primitive === 'neg' ? eqn('abs', {}, e.inputs, e.outputs) : e
}
