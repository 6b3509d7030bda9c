/** Trees of arrays and numbers in lists, records and registered classes. */
import fc from 'fast-check'
import { type NDArray, np, tree } from 'pullback'

/** A class with one child and with data of its own: any, a function too. */
export class Box {
  readonly child: unknown
  readonly label: unknown
  constructor(child: unknown, label: unknown) {
    this.child = child
    this.label = label
  }
}
tree.register(Box, (b) => [b.child, b.label], (label, child) => new Box(child, label))

/** A class whose children are a record, in another order than their names. */
export class Affine {
  readonly weight: unknown
  readonly bias: unknown
  constructor(weight: unknown, bias: unknown) {
    this.weight = weight
    this.bias = bias
  }
}
tree.register(Affine, (a) => [{ weight: a.weight, bias: a.bias }, null], (_aux, { weight, bias }) => new Affine(weight, bias))

const arrays: fc.Arbitrary<NDArray> = fc.tuple(fc.constantFrom([], [2], [2, 0], [1, 3]), fc.integer({ min: -9, max: 9 })).map(([shape, n]) => np.full(shape, n))
const leaf = fc.oneof(arrays, fc.double({ noNaN: true }), fc.boolean())
const sine = (x: NDArray): NDArray => np.sin(x)
const cosine = (x: NDArray): NDArray => np.cos(x)
/** Data of a class: kept, and compared, as they are. */
export const labels: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, undefined, NaN, Infinity, -Infinity, 0, -0, 1, '1', 'null', true, 1n, 'NaN', sine, cosine, np.zeros([1]), np.ones([1])),
  fc.array(fc.constantFrom(0, NaN, null, 'a'), { maxLength: 2 }),
  fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), fc.constantFrom(0, undefined, 'a'), { maxKeys: 2 }),
)

/** A node for each way to be one, `of` its leaves. */
export const treeOf = (of: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
      of,
      fc.constantFrom(null, undefined),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(fc.constantFrom('a', 'b', '__proto__', '0', '10', '9', 'toString'), fc.string({ maxLength: 3 })), tie('tree'), { maxKeys: 3 }),
      fc.tuple(tie('tree'), labels).map(([child, label]) => new Box(child, label)),
      fc.tuple(tie('tree'), tie('tree')).map(([weight, bias]) => new Affine(weight, bias)),
    ),
  })).tree

/** Any tree. */
export const trees: fc.Arbitrary<unknown> = treeOf(leaf)
