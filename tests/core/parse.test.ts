import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { abstractEval } from '../../src/core/abstract-eval/index.ts'
import { FormatError } from '../../src/core/errors.ts'
import { checkJaxpr } from '../../src/core/check.ts'
import { jaxprKey } from '../../src/core/jaxpr-key.ts'
import { parseJaxpr, tryParseJaxpr } from '../../src/core/parse.ts'
import { printJaxpr } from '../../src/core/print.ts'
import { numRuns } from '../scale.ts'
import { arbitraryJaxpr } from './arbitrary-jaxpr.ts'

const problems = (text: string): readonly string[] => {
  const result = tryParseJaxpr(text)
  return result._tag === 'Left' ? result.left : []
}

describe('what is printed is read back', () => {
  // One program for each primitive whose parameters have a shape of their own.
  test.each([
    '{ lambda a:f32[3]; b:f32[3]. let c:f32[3] = add a b in (c,) }',
    '{ lambda ; a:f32[]. let b:f32[] = round[roundingMethod=toNearestEven] a in (b,) }',
    '{ lambda ; a:f32[]. let b:f32[] = integerPow[y=-2] a in (b,) }',
    '{ lambda ; a:f32[]. let b:~i32[] = convertElementType[newDtype=int32 weakType=True] a in (b,) }',
    '{ lambda ; . let a:i32[2,3] = iota[dimension=1 dtype=int32 shape=(2, 3)] in (a,) }',
    '{ lambda ; a:f32[2]. let b:f32[7] = pad[paddingConfig=((1, 2, 2),)] a 0.0:f32[] in (b,) }',
    '{ lambda ; a:key<fry>[2]. let b:u32[2,2] = bitcastConvertType[newDtype=uint32] a in (b,) }',
    '{ lambda ; a:f32[2,3] b:f32[3,4]. let c:f32[2,4] = dotGeneral[dimensionNumbers={batch=((), ()) contracting=((1,), (0,))} preferredElementType=None] a b in (c,) }',
    `{ lambda ; a:f32[3,4] b:i32[5,2]. let
    c:f32[5,2] = gather[
      dimensionNumbers={collapsedSliceDims=(0,) offsetDims=(1,) operandBatchingDims=() startIndexMap=(0, 1) startIndicesBatchingDims=()}
      fillValue=nan
      mode=fillOrDrop
      sliceSizes=(1, 2)
    ] a b
  in (c,) }`,
  ])('%s', (text) => {
    // The reader asks for no layout: one line or several mean the same.
    expect(jaxprKey(parseJaxpr(printJaxpr(parseJaxpr(text))))).toBe(jaxprKey(parseJaxpr(text.replace(/\s+/g, ' '))))
  })
})

describe('text that is no program', () => {
  test.each([
    ['', "line 1, column 1: got 'the end' where '{' was expected"],
    ['{ lambda ; a:f32[3]. let b:f32[3] = sin a', "line 1, column 42: got 'the end'"],
    ['{ lambda ; a:f32[3].\n let % in (a,) }', "line 2, column 6: '%' has no meaning here"],
    ['{ lambda ; a:f32[3]. let in (a,) } more', "got 'more' where the end was expected"],
    ['{ lambda ; a:f32[3]. let in (a }', "got '}' where ',' was expected"],
  ])('%j says where it goes wrong', (text, message) => {
    expect(problems(text)[0]).toContain(message)
    expect(() => parseJaxpr(text)).toThrow(FormatError)
  })
  test('all problems are listed', () => {
    const found = problems(`{ lambda ; a:f32[3] a:q7[2]. let
      b:f32[3] = sine a
      c:f32[3] = cumsum[axis=zero sideways=True] a
      d:f32[3] = add a z
    in (b, c, w) }`)
    expect(found).toEqual([
      expect.stringContaining("'q7' is no dtype"),
      expect.stringContaining("variable 'a' is bound a second time"),
      expect.stringContaining('sine: there is no such primitive'),
      expect.stringContaining('parameter sideways is unknown; known are axis, reverse'),
      expect.stringContaining('parameter axis is not an integer'),
      expect.stringContaining('parameter reverse is missing'),
      expect.stringContaining("variable 'z' is bound nowhere before"),
      expect.stringContaining("variable 'w' is bound nowhere before"),
    ])
  })
  test('types are checked', () => {
    expect(problems('{ lambda ; a:f32[3]. let b:f32[4] = sin a in (b,) }')).toEqual(['equation 0 (sin): result 0 is float32[4]; the primitive gives float32[3]'])
    expect(problems('{ lambda ; a:f32[3]. let b:f32[3] = add a 1:i32[] in (b,) }')[0]).toContain('got dtypes that differ: float32[3], int32[]')
  })
  test('a program cannot stand where a number is asked for, nor be faked by a record', () => {
    expect(problems('{ lambda ; a:f32[3]. let b:f32[3] = cumsum[axis={ lambda ; . let in () } reverse=True] a in (b,) }')[0]).toContain('axis is not an integer')
    expect(problems('{ lambda ; a:f32[3]. let b:f32[3] = jit[device=None name=f jaxpr={inputs=() constVars=() equations=() outputs=()}] a in (b,) }')[0]).toContain('jaxpr is not a program')
  })
  test('nesting without end is refused', () => {
    expect(problems(`{ lambda ; a:f32[3]. let b:f32[3] = rev[dimensions=${'('.repeat(10_000)}] a in (b,) }`)[0]).toContain('nested deeper')
  })

  test('a mutilated program is read, or refused with a FormatError', () => {
    fc.assert(
      fc.property(arbitraryJaxpr({ equations: 6 }), fc.nat(), fc.nat({ max: 12 }), fc.constantFrom('', '-1', '7', 'x', '(', ')', 'None', '[', '"', '{', '=', ':~f16[]'), (program, at, cut, put) => {
        const text = printJaxpr(program)
        const start = at % text.length
        const result = tryParseJaxpr(text.slice(0, start) + put + text.slice(start + cut))
        if (result._tag === 'Left') expect(result.left.length).toBeGreaterThan(0)
        else checkJaxpr(result.right)
      }),
      { numRuns: numRuns * 4 },
    )
  })
})

test('every primitive can be named in text', () => {
  for (const name of Object.keys(abstractEval)) expect(problems(`{ lambda ; . let a:f32[] = ${name} in (a,) }`).join()).not.toContain('no such primitive')
})

describe('reading takes steps in proportion to the length of the text', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  /** Characters that are gone through by what goes through many at a time. */
  function charactersRead(text: string): number {
    let read = 0
    // oxlint-disable-next-line typescript/unbound-method -- each is called on its own string
    const { indexOf, slice } = String.prototype
    vi.spyOn(String.prototype, 'indexOf').mockImplementation(function (this: string, part, from) {
      const at = indexOf.call(this, part, from)
      read += (at < 0 ? this.length : at) - (from ?? 0) + 1
      return at
    })
    vi.spyOn(String.prototype, 'slice').mockImplementation(function (this: string, from, to) {
      const part = slice.call(this, from, to)
      read += part.length
      return part
    })
    const { _tag } = tryParseJaxpr(text)
    vi.restoreAllMocks()
    expect(_tag).toBe('Right')
    return read
  }
  const equations = (n: number): readonly string[] => Array.from({ length: n }, (_, i) => `v${i + 1}:f32[3] = add v${i} v${i}`)
  const program = (n: number, between: string): string => `{ lambda ; v0:f32[3]. let${between}${equations(n).join(between)}${between}in (v${n},) }`

  test.each([['an equation a line', '\n'], ['all in one line', ' ']])('%s', (_, between) => {
    const [short, long] = [program(30, between), program(300, between)]
    expect(charactersRead(long) / charactersRead(short)).toBeLessThan((1.1 * long.length) / short.length)
  })
})
