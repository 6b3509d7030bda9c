/** Passes are functions from programs to programs that compute the same, to the bit, and have done all they do at once. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { interpret } from '../../src/backends/cpu/interpret.ts'
import { type HostArray, numbersOf } from '../../src/backends/cpu/host-array.ts'
import { checkJaxpr } from '../../src/core/check.ts'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import { printJaxpr } from '../../src/core/print.ts'
import { optimize, type Pass, passes } from '../../src/lowering/passes/index.ts'
import { numLawRuns } from '../scale.ts'
import { aimedAt, aimedAtAny } from './aimed.ts'
import { law } from './law.ts'
import { expectWithinSpread, spreads, whereReordered } from './rounding.ts'
import { jaxprs } from './traced.ts'

const seeds = fc.nat(0xffff)
// NaN has many bit patterns, which nothing promises to keep.
const results = (jaxpr: Jaxpr, inputs: readonly HostArray[]): number[][] => interpret(jaxpr, inputs).map((x) => [...numbersOf(x)])

/** A program as the passes before it leave it, at each place that a pass has among them. */
function atItsPlaces(pass: Pass, jaxpr: Jaxpr): Jaxpr[] {
  const found: Jaxpr[] = []
  passes.reduce((j, p) => {
    if (p.name === pass.name) found.push(j)
    return p.run(j)
  }, jaxpr)
  return found
}

/** The same but for the rounding of sums; false where rounding alone decides. */
const sameMeaning = (out: Jaxpr, jaxpr: Jaxpr, given: readonly HostArray[]): boolean => expectWithinSpread(interpret(out, given), interpret(jaxpr, given), spreads(jaxpr, given, whereReordered))

for (const pass of new Map(passes.map((p) => [p.name, p])).values()) {
  let changed = 0
  const keeps = pass.reorders === true ? 'what they compute but for the order of sums' : 'every bit of their results'
  law(`${pass.name} keeps programs well typed and ${keeps}, and is idempotent`, fc.tuple(fc.oneof(jaxprs, aimedAt(pass.name)), seeds), ([program, seed], run) => {
    const operands = [program.inputs(seed), program.corners(seed)]
    /** Whether the pass has something to do. */
    const holds = (jaxpr: Jaxpr): boolean => {
      const out = checkJaxpr(pass.run(jaxpr))
      const text = printJaxpr(out)
      if (text === printJaxpr(jaxpr)) return false
      if (pass.reorders !== true) for (const given of operands) expect(results(out, given), text).toEqual(results(jaxpr, given))
      else if (!operands.map((given) => sameMeaning(out, jaxpr, given)).includes(true)) run.discard()
      expect(printJaxpr(pass.run(out))).toBe(text)
      return true
    }
    // As it was traced as well: no pass may count on what the ones before it leave.
    holds(program.jaxpr)
    if (atItsPlaces(pass, program.jaxpr).map(holds).includes(true)) changed++
  })
  test(`${pass.name} has something to do in a quarter of these programs, at its place among the passes`, () => {
    expect(changed).toBeGreaterThanOrEqual(numLawRuns / 4)
  })
}

law('the passes together keep what a program means, and are idempotent', fc.tuple(fc.oneof(jaxprs, aimedAtAny), seeds), ([{ jaxpr, inputs, corners }, seed], run) => {
  const once = checkJaxpr(optimize(jaxpr))
  if (![inputs(seed), corners(seed)].map((given) => sameMeaning(once, jaxpr, given)).includes(true)) run.discard()
  expect(printJaxpr(optimize(once))).toBe(printJaxpr(once))
})
