import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aval } from '../../src/core/aval.ts'
import { checkJaxpr, jaxprProblems } from '../../src/core/check.ts'
import { InternalError } from '../../src/core/errors.ts'
import { eqn, type Jaxpr, Literal, Var } from '../../src/core/jaxpr.ts'
import { numRuns } from '../scale.ts'
import { arbitraryJaxpr } from './arbitrary-jaxpr.ts'

const vector = aval([3], 'float32')
const [a, b, c] = [vector, vector, aval([4], 'float32')].map((t) => new Var(t)) as [Var, Var, Var]
const program = (parts: Partial<Jaxpr>): Jaxpr => ({ constVars: [], inputs: [a], equations: [], outputs: [], ...parts })

describe('the checker', () => {
  test('gives a well-formed program back', () => {
    const good = program({ equations: [eqn('sin', {}, [a], [b])], outputs: [b] })
    expect(checkJaxpr(good)).toBe(good)
  })
  test('passes random programs', () => {
    fc.assert(
      fc.property(arbitraryJaxpr(), (p) => {
        expect(jaxprProblems(p)).toEqual([])
      }),
      { numRuns },
    )
  })
  test.each<readonly [Jaxpr, string]>([
    [program({ outputs: [b] }), 'outputs: a variable float32[3] is used before it is bound'],
    [program({ equations: [eqn('sin', {}, [b], [b])] }), 'equation 0 (sin): a variable float32[3] is used before it is bound'],
    [program({ inputs: [a, a] }), 'inputs: a variable float32[3] is bound a second time'],
    [program({ equations: [eqn('sin', {}, [a], [a])] }), 'equation 0 (sin): a variable float32[3] is bound a second time'],
    [program({ equations: [eqn('sin', {}, [a], [c])] }), 'equation 0 (sin): result 0 is float32[4]; the primitive gives float32[3]'],
    [program({ equations: [eqn('sin', {}, [a], [b, c])] }), 'equation 0 (sin): has 2 results; the primitive gives 1'],
    [program({ inputs: [a, c], equations: [eqn('add', {}, [a, c], [b])] }), 'equation 0 (add): add: got shapes that differ: float32[3], float32[4]; shapes must be equal, or of rank 0; broadcast first'],
    [program({ outputs: [new Literal(1, vector)] }), 'outputs: a literal has type float32[3]; literals are scalars'],
    [program({ equations: [eqn('jit', { name: 'f', device: null, jaxpr: program({ constVars: [b], outputs: [b] }) }, [a], [c])] }), 'equation 0 (jit): jaxpr has 1 constVars; programs in parameters take them as operands'],
    [program({ equations: [eqn('jit', { name: 'f', device: null, jaxpr: program({ outputs: [c] }) }, [a], [b])] }), 'equation 0 (jit) > jaxpr > outputs: a variable float32[4] is used before it is bound'],
  ])('case %#', (bad, problem) => {
    expect(jaxprProblems(bad)).toEqual([problem])
    expect(() => checkJaxpr(bad)).toThrow(InternalError)
  })
  test('a pass may put a strong value where a weak one was', () => {
    const weak = new Var(aval([3], 'float32', true))
    expect(jaxprProblems(program({ equations: [eqn('sin', {}, [a], [weak])], outputs: [weak] }))).toEqual([])
  })
})
