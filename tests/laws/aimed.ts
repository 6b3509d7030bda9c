/** Jaxprs in which a given pass finds something to do, where it stands among the passes: what programs seldom hold by chance. */
import fc from 'fast-check'
import { jit, lax, type NDArray, nn, np } from 'pullback'
import { aval } from '../../src/core/aval.ts'
import type { DType } from '../../src/core/dtype.ts'
import { Literal } from '../../src/core/jaxpr.ts'
import { bind1, type Value } from '../../src/core/trace.ts'
import { Choices, tapes } from '../../src/testing/choices.ts'
import { identities } from './identities.ts'
import { backward, batched, compiled, forward, identity, traced, type Traced } from './traced.ts'
import { isFloat } from './values.ts'

/** Makes of a matrix x:[r,k] another of its type; w:[k,k] is there to multiply with. */
type Fragment = (c: Choices, x: NDArray, w: NDArray) => NDArray

/** In [-1, 1], so that nothing grows. */
const bounded = (x: NDArray): NDArray => (isFloat(x) ? np.tanh(x) : np.sign(x))
const number = (like: NDArray, value: number): Literal => new Literal(value, aval([], like.dtype))

const floats: readonly number[] = [0, -0, 1, 0.5, -2.5, 3, 1e30, 1e-40, Infinity, NaN]
const integers: readonly number[] = [0, 1, -3, 7, 2 ** 31 - 1]

/** A number calculated from numbers alone. */
function arithmetic(c: Choices, like: NDArray, depth: number): Value {
  const float = isFloat(like)
  const inner = (): Value => arithmetic(c, like, depth - 1)
  if (depth === 0) return number(like, c.of(float ? floats : integers) ?? 0)
  switch (c.below(4)) {
    case 0:
      return bind1(c.of(['neg', 'abs', 'square', ...(float ? (['sqrt', 'floor', 'ceil'] as const) : [])] as const) ?? 'neg', [inner()], {})
    case 1: {
      const [a, b] = [inner(), inner()]
      const which = bind1(c.of(['eq', 'ne', 'lt', 'le', 'gt', 'ge']), [a, b], {})
      return c.oneIn(2) ? bind1('selectN', [which, a, b], {}) : bind1('convertElementType', [which], { newDtype: like.dtype, weakType: false })
    }
    default: {
      const operation = c.of(['add', 'sub', 'mul', 'max', 'min', ...(float ? (['div'] as const) : [])] as const) ?? 'add'
      return bind1(operation, [inner(), inner()], {})
    }
  }
}

const literals: Fragment = (c, x) => bind1(c.of(['mul', 'add', 'max', 'min']), [x, arithmetic(c, x, 1 + c.below(3))], {})

/** What is positive, or not, is asked of x beside a rectified x. */
const masks: Fragment = (c, x) => {
  const zero = number(x, 0)
  const rectify = [
    () => np.maximum(x, 0),
    () => nn.relu(x),
    () => bind1('selectN', [bind1('gt', [x, zero], {}), zero, x], {}),
    () => bind1('selectN', [bind1('le', [x, zero], {}), x, zero], {}),
  ]
  const ask = (): NDArray => bind1(c.of(['gt', 'le']), [x, zero], {})
  const before = ask()
  const h = c.of(rectify)!()
  return np.where(ask(), np.where(before, h, x.mul(2)), h.add(1))
}

/** A product whose sides are exchanged, alone or of a batch, once or there and back. */
const transposed: Fragment = (c, x, w) => {
  const batch = c.oneIn(2)
  const twice = c.oneIn(3)
  const many = (a: NDArray): NDArray => (batch ? np.stack([a, a.mul(2)]) : a)
  const at = batch ? 1 : 0
  const axes: readonly number[] = batch ? [0] : []
  const product = bind1('dotGeneral', [many(w), many(x)], { dimensionNumbers: { contracting: [[at + (c.oneIn(2) ? 1 : 0)], [at + 1]], batch: [axes, axes] }, preferredElementType: null })
  const permutation = batch ? [0, 2, 1] : [1, 0]
  const exchange = (a: NDArray): NDArray => bind1('transpose', [a], { permutation })
  let y = exchange(product)
  if (twice) y = exchange(exchange(y).mul(2))
  return bounded(batch ? y.slice(1) : y)
}

/** Of each row x, what does not wait for the carry: a product with weights, and what is the same for all rows. */
const beforeLoops: Fragment = (c, x, w) => {
  const [standing, ofCarry, reverse] = [c.oneIn(2), c.oneIn(2), c.oneIn(2)]
  const before = c.of([(row: NDArray) => row, (row: NDArray) => np.flip(row, 0), (row: NDArray) => bounded(row)])
  const step = (carry: NDArray, row: NDArray): [NDArray, NDArray] => {
    const weights = standing ? bounded(w) : w
    const sum = carry.add(np.matmul(before(row), weights))
    const next = bounded(ofCarry ? sum.add(np.matmul(carry, weights)) : sum)
    return [next, next]
  }
  return lax.scan(step, np.zerosLike(w.slice(0)), x, { reverse })[1]
}

/** A sum over a loop's steps of products, as in gradients of weights, and products that only make ys. */
const afterLoops: Fragment = (c, x, w) => {
  const [more, late, reverse, sums] = [c.oneIn(2), c.oneIn(2), c.oneIn(2), c.below(3) > 0]
  const outer = (a: NDArray, b: NDArray): NDArray => np.matmul(a.reshape([-1, 1]), b.reshape([1, -1]))
  const step = ([total, state]: [NDArray, NDArray], row: NDArray): [[NDArray, NDArray], NDArray] => {
    const next = bounded(state.add(row))
    const added = sums ? total.add(outer(row, next)) : total
    return [[more ? added.add(outer(next, state)) : added, next], late ? np.matmul(next, w) : next]
  }
  const [[total], ys] = lax.scan(step, [w, w.slice(0)] as [NDArray, NDArray], x, { reverse })
  return bounded(np.matmul(x, total)).add(ys)
}

/** A loop that hands on what it was given, and gives what all steps have alike, or what it reads. */
const idleLoops: Fragment = (c, x, w) => {
  const [same, repeats, copies] = [c.below(3) > 0, c.oneIn(2), c.oneIn(2)]
  const step = ([kept, state]: [NDArray, NDArray], row: NDArray): [[NDArray, NDArray], [NDArray, NDArray]] => [
    [same ? kept : kept.mul(2), bounded(state.add(row))],
    [copies ? row : row.add(state), repeats ? w.slice(0) : kept],
  ]
  const [[kept, state], [rows, others]] = lax.scan(step, [w.slice(1), w.slice(0)] as [NDArray, NDArray], x)
  return rows.add(others).add(kept).add(state)
}

const twice: Fragment = (c, x, w) => {
  const again = c.of([(v: NDArray) => np.square(v), (v: NDArray) => np.matmul(v, w), (v: NDArray) => np.transpose(v).add(1).transpose(), (v: NDArray) => np.cumsum(v, 0), (v: NDArray) => lax.scan((s: NDArray, row: NDArray) => [s.add(row), s], w.slice(0), v)[1]])
  return bounded(again(x).add(again(x)))
}

const unread: Fragment = (c, x, w) => {
  const ys = c.of([() => np.sin(x), () => np.matmul(x, w), () => lax.scan((s: NDArray, row: NDArray) => [s.add(row), [s, row.mul(2)] as [NDArray, NDArray]], w.slice(0), x)[1][0]])()
  return c.oneIn(2) || ys.dtype !== x.dtype ? x.add(1) : ys
}

const identical: Fragment = (c, x) => c.of(Object.values(identities))!(c, x)

const everything: readonly Fragment[] = [literals, masks, transposed, beforeLoops, afterLoops, idleLoops, twice, unread, identical]

const within: Fragment = (c, x, w) => {
  const f = c.of(everything)!
  return jit((v: NDArray) => f(c, v, w))(x)
}

/** What each pass is for. */
const aims: Readonly<Record<string, Fragment>> = {
  inlineJits: within,
  removeDead: unread,
  simplify: identical,
  foldConstants: literals,
  mergeEqual: twice,
  cleanScans: idleLoops,
  rectifiedMasks: masks,
  canonicalContractions: transposed,
  hoistFromScans: beforeLoops,
  sinkFromScans: afterLoops,
}

const dtypes: readonly DType[] = ['float32', 'float32', 'float64', 'int32']
const sizes: readonly (readonly [rows: number, width: number])[] = [[3, 4], [2, 3], [4, 2], [5, 3]]

/** Numbers in [-2, 2] that look random, a quarter of them halves: ties and zeros come up. */
function operand(shape: readonly number[], dtype: DType, seed: number): NDArray {
  const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
    const unit = (Math.imul(seed * 977 + i + 1, 2654435761) >>> 0) / 2 ** 32
    return dtype === 'int32' ? Math.floor(unit * 9) - 4 : unit < 0.25 ? Math.round(unit * 32) / 2 - 2 : unit * 4 - 2
  })
  return np.array(values, { dtype }).reshape([...shape])
}

/** A few fragments, one or more of them for this pass, under a transformation or none. */
export const aimedAt = (pass: string): fc.Arbitrary<Traced> => {
  const aim = aims[pass]
  if (aim === undefined) throw new Error(`nothing is aimed at ${pass}`)
  return fc.tuple(tapes(60), fc.constantFrom(identity, identity, compiled, forward, backward, batched)).map(([tape, transform]) => {
    const write = (): { readonly f: (x: NDArray, w: NDArray) => NDArray[]; readonly types: readonly (readonly [readonly number[], DType])[] } => {
      const c = new Choices(tape)
      const dtype = c.of(dtypes) ?? 'float32'
      const [rows, width] = c.of(sizes) ?? [3, 4]
      const count = c.between(1, 3)
      const f = (x: NDArray, w: NDArray): NDArray[] => {
        const at = c.below(count)
        const ys: NDArray[] = []
        for (let i = 0; i < count; i++) ys.push((i === at ? aim : c.of(everything)!)(c, ys.at(-1) ?? x, w))
        return c.oneIn(2) ? ys : ys.slice(-1)
      }
      return { f, types: [[[rows, width], dtype], [[width, width], dtype]] }
    }
    // Every call reads its decisions anew.
    const apply = (...xs: NDArray[]): NDArray[] => write().f(xs[0]!, xs[1]!)
    return traced({ apply, args: (seed) => write().types.map(([shape, dtype], i) => operand(shape, dtype, 2 * seed + i)), toString: () => `aimed at ${pass}` }, [transform])
  })
}

export const aimedAtAny: fc.Arbitrary<Traced> = fc.oneof(...Object.keys(aims).map(aimedAt))
