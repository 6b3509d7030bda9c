/** A program's text says all of it. */
import { ClosedJaxpr, parseJaxpr } from 'pullback'
import { expect } from 'vitest'
import { checkJaxpr } from '../../src/core/check.ts'
import { jaxprKey } from '../../src/core/jaxpr-key.ts'
import { optimize } from '../../src/lowering/passes/index.ts'
import { law } from './law.ts'
import { jaxprs } from './traced.ts'

law('parse ∘ print = id', jaxprs, ({ jaxpr }) => {
  for (const program of [jaxpr, optimize(jaxpr)]) {
    checkJaxpr(program)
    const text = String(new ClosedJaxpr(program, []))
    const read = parseJaxpr(text)
    expect(jaxprKey(read.jaxpr)).toBe(jaxprKey(program))
    expect(String(read)).toBe(text)
  }
})
