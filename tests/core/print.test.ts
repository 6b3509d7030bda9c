import { describe, expect, test } from 'vitest'
import { aval } from '../../src/core/aval.ts'
import { eqn, type Jaxpr, Literal, Var } from '../../src/core/jaxpr.ts'
import { eqJaxpr, jaxprKey } from '../../src/core/jaxpr-key.ts'
import { parseJaxpr } from '../../src/core/parse.ts'
import { printJaxpr, printLiteral } from '../../src/core/print.ts'

const vector = aval([3], 'float32')

function sine(): Jaxpr {
  const [a, b] = [new Var(vector), new Var(vector)]
  return { constVars: [], inputs: [a], equations: [eqn('sin', {}, [a], [b])], outputs: [b] }
}

describe('a program prints in the notation of JAX', () => {
  test('one equation on one line', () => {
    expect(printJaxpr(sine())).toBe('{ lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) }')
  })
  test('several on lines of their own; constants, literals and unused results', () => {
    const [c, x, s, u, y] = [vector, vector, vector, vector, aval([], 'float32')].map((t) => new Var(t)) as [Var, Var, Var, Var, Var]
    const program: Jaxpr = {
      constVars: [c],
      inputs: [x],
      equations: [
        eqn('mul', {}, [x, new Literal(2, aval([], 'float32'))], [s]),
        eqn('add', {}, [s, c], [u]),
        eqn('reduceSum', { axes: [0] }, [s], [y]),
      ],
      outputs: [y, new Literal(3, aval([], 'int32'))],
    }
    expect(printJaxpr(program)).toBe(
      `{ lambda a:f32[3]; b:f32[3]. let
    c:f32[3] = mul b 2.0:f32[]
    _:f32[3] = add c a
    d:f32[] = reduceSum[axes=(0,)] c
  in (d, 3:i32[]) }`,
    )
  })
  test('programs in parameters are indented, their names go on', () => {
    const a = new Var(vector)
    const b = new Var(vector)
    const program: Jaxpr = { constVars: [], inputs: [a], equations: [eqn('jit', { name: 'f', jaxpr: sine(), device: null }, [a], [b])], outputs: [b] }
    expect(printJaxpr(program)).toBe(
      `{ lambda ; a:f32[3]. let
    b:f32[3] = jit[
      device=None
      jaxpr={ lambda ; c:f32[3]. let d:f32[3] = sin c in (d,) }
      name=f
    ] a
  in (b,) }`,
    )
  })
  test('weak types have a tilde, which JAX does not print', () => {
    const a = new Var(aval([], 'float32', true))
    expect(printJaxpr({ constVars: [], inputs: [a], equations: [], outputs: [a] })).toBe('{ lambda ; a:~f32[]. let in (a,) }')
  })
  test('numbers as Python writes them', () => {
    const show = (value: number | boolean, dtype: 'float32' | 'int32' | 'bool'): string => printLiteral(new Literal(value, aval([], dtype)))
    expect([show(2, 'float32'), show(-0, 'float32'), show(Infinity, 'float32'), show(-Infinity, 'float32'), show(NaN, 'float32')]).toEqual([
      '2.0:f32[]', '-0.0:f32[]', 'inf:f32[]', '-inf:f32[]', 'nan:f32[]',
    ])
    expect([show(1e-7, 'float32'), show(3, 'int32'), show(true, 'bool')]).toEqual(['1e-7:f32[]', '3:i32[]', 'True:bool[]'])
  })
  test('names go a, b, …, z, ba, and skip the words of the notation', () => {
    const inputs = Array.from({ length: 230 }, () => new Var(aval([], 'bool')))
    const names = [...printJaxpr({ constVars: [], inputs, equations: [], outputs: [] }).matchAll(/(\w+):bool/g)].map((m) => m[1])
    expect(names.slice(24, 29)).toEqual(['y', 'z', 'ba', 'bb', 'bc'])
    expect(names.slice(219, 223)).toEqual(['il', 'im', 'io', 'ip'])
  })
})

describe("a program's key", () => {
  test('does not depend on the identity of variables', () => {
    expect(jaxprKey(sine())).toBe(jaxprKey(sine()))
    expect(eqJaxpr.equals(sine(), sine())).toBe(true)
  })
  const base = '{ lambda ; a:f32[3]. let b:f32[3] = mul a 2.0:f32[] in (b,) }'
  test.each([
    base.replaceAll('f32', 'f64'),
    base.replace('2.0', '3.0'),
    base.replace('2.0:f32', '2.0:~f32'),
    base.replaceAll('f32[3]', 'f32[4]'),
    base.replace('mul a 2.0:f32[]', 'mul a a'),
    base.replace('(b,)', '(a,)'),
    base.replace('(b,)', '(b, b)'),
    '{ lambda ; a:f32[3]. let b:f32[3] = mul 2.0:f32[] a in (b,) }',
  ])('tells %s apart', (text) => {
    expect(eqJaxpr.equals(parseJaxpr(base), parseJaxpr(text))).toBe(false)
  })
  test('tells 0 from -0, and parameters apart, in whatever order they stand', () => {
    const of = (text: string): string => jaxprKey(parseJaxpr(text))
    expect(of('{ lambda ; . let in (0.0:f32[],) }')).not.toBe(of('{ lambda ; . let in (-0.0:f32[],) }'))
    const cumsum = (params: string): string => of(`{ lambda ; a:f32[3]. let b:f32[3] = cumsum[${params}] a in (b,) }`)
    expect(cumsum('axis=0 reverse=True')).toBe(cumsum('reverse=True axis=0'))
    expect(cumsum('axis=0 reverse=True')).not.toBe(cumsum('axis=0 reverse=False'))
  })
})
