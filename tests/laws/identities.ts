/** What `simplify` makes less of, by the primitive that it is written with. */
import { type NDArray, np } from 'pullback'
import { aval } from '../../src/core/aval.ts'
import { Literal } from '../../src/core/jaxpr.ts'
import { bind1, type Value } from '../../src/core/trace.ts'
import type { Choices } from '../../src/testing/choices.ts'
import { isFloat } from './values.ts'

/** Makes of a matrix another of its type. */
type Identity = (c: Choices, x: NDArray) => NDArray

const number = (like: NDArray, value: number): Literal => new Literal(value, aval([], like.dtype))
const whether = (value: boolean): Literal => new Literal(value, aval([], 'bool'))
const mask = (x: NDArray): NDArray => bind1('gt', [x, number(x, 1)], {})
const choose = (which: Value, x: NDArray): NDArray => bind1('selectN', [which, x, x.mul(2)], {})
const axesOf = (x: NDArray): number[] => x.shape.map((_, i) => i)

/** On either side of x. */
const neutral = (primitive: 'mul' | 'add', c: Choices, x: NDArray, value: number): NDArray => bind1(primitive, c.oneIn(2) ? [x, number(x, value)] : [number(x, value), x], {})

/** Over no axis, or over one of one element. */
const reduced = (primitive: 'reduceSum' | 'reduceProd' | 'reduceMax' | 'reduceMin' | 'reduceAnd' | 'reduceOr' | 'reduceXor', c: Choices, x: NDArray): NDArray =>
  c.oneIn(2) ? bind1(primitive, [x], { axes: [] }) : bind1(primitive, [x.reshape([1, ...x.shape])], { axes: [0] })
const ofMasks = (primitive: 'reduceAnd' | 'reduceOr' | 'reduceXor'): Identity => (c, x) => choose(reduced(primitive, c, mask(x)), x)

export const identities: Readonly<Record<string, Identity>> = {
  neg: (_, x) => bind1('neg', [bind1('neg', [x], {})], {}),
  not: (_, x) => choose(bind1('not', [bind1('not', [mask(x)], {})], {}), x),
  max: (_, x) => bind1('max', [x, x], {}),
  min: (_, x) => bind1('min', [x, x], {}),
  and: (_, x) => {
    const m = mask(x)
    return choose(bind1('and', [m, m], {}), x)
  },
  or: (_, x) => {
    const m = mask(x)
    return choose(bind1('or', [m, m], {}), x)
  },
  stopGradient: (_, x) => bind1('stopGradient', [x], {}),
  mul: (c, x) => neutral('mul', c, x, 1),
  div: (_, x) => bind1('div', [x, number(x, 1)], {}),
  add: (c, x) => neutral('add', c, x, isFloat(x) ? -0 : 0),
  sub: (_, x) => bind1('sub', [x, number(x, 0)], {}),
  integerPow: (c, x) => bind1('integerPow', [x], { y: c.of([1, 2]) }),
  selectN: (c, x) => {
    const y = number(x, 0.5)
    switch (c.below(3)) {
      case 0:
        return choose(whether(c.oneIn(2)), x)
      case 1:
        return bind1('selectN', [mask(x), x, x], {})
      default:
        return bind1('selectN', [bind1('gt', [x, y], {}), bind1('max', c.oneIn(2) ? [x, y] : [y, x], {}), x], {})
    }
  },
  convertElementType: (_, x) => bind1('convertElementType', [x], { newDtype: x.dtype, weakType: false }),
  reshape: (_, x) => bind1('reshape', [bind1('reshape', [x], { newSizes: [x.size] })], { newSizes: [...x.shape] }),
  transpose: (_, x) => bind1('transpose', [bind1('transpose', [x], { permutation: axesOf(x).reverse() })], { permutation: axesOf(x).reverse() }),
  broadcastInDim: (_, x) => {
    const once = bind1('broadcastInDim', [x], { shape: [2, ...x.shape], broadcastDimensions: axesOf(x).map((i) => i + 1) })
    return np.max(bind1('broadcastInDim', [once], { shape: [2, 2, ...x.shape], broadcastDimensions: axesOf(once).map((i) => i + 1) }), [0, 1])
  },
  rev: (_, x) => bind1('rev', [x], { dimensions: [] }),
  slice: (_, x) => bind1('slice', [x], { startIndices: axesOf(x).map(() => 0), limitIndices: [...x.shape], strides: axesOf(x).map(() => 1) }),
  pad: (_, x) => bind1('pad', [x, number(x, 3)], { paddingConfig: axesOf(x).map(() => [0, 0, 0]) }),
  concatenate: (_, x) => bind1('concatenate', [x], { dimension: 0 }),
  reduceSum: (c, x) => reduced('reduceSum', c, x),
  reduceProd: (c, x) => reduced('reduceProd', c, x),
  reduceMax: (c, x) => reduced('reduceMax', c, x),
  reduceMin: (c, x) => reduced('reduceMin', c, x),
  reduceAnd: ofMasks('reduceAnd'),
  reduceOr: ofMasks('reduceOr'),
  reduceXor: ofMasks('reduceXor'),
}
