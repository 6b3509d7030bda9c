/** Passes are functions from programs to programs that compute the same, to the bit, and have done all they do at once. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { interpret } from '../../src/backends/cpu/interpret.ts'
import { type HostArray, numbersOf } from '../../src/backends/cpu/host-array.ts'
import { checkJaxpr } from '../../src/core/check.ts'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import { jaxprKey } from '../../src/core/jaxpr-key.ts'
import { printJaxpr } from '../../src/core/print.ts'
import { optimize, passes } from '../../src/lowering/passes/index.ts'
import { law, type Run } from './law.ts'
import { expectWithinSpread, spreads } from './rounding.ts'
import { jaxprs, type Traced } from './traced.ts'

const seeds = fc.nat(0xffff)
// NaN has many bit patterns, which nothing promises to keep.
const results = (jaxpr: Jaxpr, inputs: readonly HostArray[]): number[][] => interpret(jaxpr, inputs).map((x) => [...numbersOf(x)])

for (const pass of new Map(passes.map((p) => [p.name, p])).values()) {
  law(`${pass.name} keeps programs well typed and ${pass.reorders === true ? 'their meaning' : 'every bit of their results'}, and is idempotent`, fc.tuple(jaxprs, seeds), ([program, seed], run) => {
    const { jaxpr } = program
    const out = checkJaxpr(pass.run(jaxpr))
    if (pass.reorders === true) expectMeaning(program, out, seed, run)
    else for (const given of [program.inputs(seed), program.corners(seed)]) expect(results(out, given), printJaxpr(out)).toEqual(results(jaxpr, given))
    expect(printJaxpr(pass.run(out))).toBe(printJaxpr(out))
  })
}

/** The same but for the rounding of sums. */
function expectMeaning({ jaxpr, inputs }: Traced, out: Jaxpr, seed: number, run: Run): void {
  const given = inputs(seed)
  if (!expectWithinSpread(interpret(out, given), interpret(jaxpr, given), spreads(jaxpr, given))) run.discard()
}

law('the passes together keep what a program means, and settle', fc.tuple(jaxprs, seeds), ([program, seed], run) => {
  const once = checkJaxpr(optimize(program.jaxpr))
  expectMeaning(program, once, seed, run)
  const twice = optimize(once)
  expect(twice.equations.length, printJaxpr(once)).toBeLessThanOrEqual(once.equations.length)
  expect(jaxprKey(optimize(twice))).toBe(jaxprKey(optimize(optimize(twice))))
})
