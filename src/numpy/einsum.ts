/**
 * Einstein summation. Operands are contracted two at a time, in an order chosen greedily; each pair is one dotGeneral (or a
 * product where nothing is summed), on axes as they stand: only the last result may need a transpose.
 */
import type { NDArray } from '../core/array.ts'
import type { DType } from '../core/dtype.ts'
import { describe } from '../core/describe.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { parseSubscripts } from './einsum-subscripts.ts'
import { diagonal } from './indexing.ts'
import { promoted } from './promoted.ts'

/** An array with a label for each of its axes. */
interface Labelled {
  readonly x: NDArray
  readonly labels: readonly string[]
}
type Sizes = ReadonlyMap<string, number>

export interface EinsumOptions {
  /** The dtype of sums of products, and of the result. */
  readonly preferredElementType?: DType | null
}
const isEinsumOptions = (x: ArrayLike | EinsumOptions | undefined): x is EinsumOptions => ops.isOptions(x)

/**
 * Sums of products, named by axis letters: letters missing after `->` are summed; `...` stands for axes that broadcast. Without
 * `->` the result has the letters that stand once, in alphabetical order.
 *
 * @example
 * np.einsum('ij,jk->ik', a, b)            // a matrix product
 * np.einsum('...qd,...kd->...qk', q, k)   // attention scores
 * np.einsum('ii', a)                      // a trace
 * @throws ArgumentError for malformed subscripts, ShapeError when ranks or sizes do not fit.
 */
export function einsum(subscripts: string, ...operands: readonly (ArrayLike | EinsumOptions)[]): NDArray {
  return ops.within('einsum', () => {
    const last = operands.at(-1)
    const options = isEinsumOptions(last) ? last : {}
    ops.checkOptions('einsum', options, ['preferredElementType'])
    const given = (isEinsumOptions(last) ? operands.slice(0, -1) : operands) as readonly ArrayLike[]
    if (typeof subscripts !== 'string') throw new ArgumentError('einsum', `the first argument is ${describe(subscripts)}; takes subscripts such as 'ij,jk->ik'`)
    if (given.length === 0) throw new ArgumentError('einsum', 'takes subscripts and at least one array')
    const arrays = promoted('einsum', ...given)
    const { inputs, output } = parseSubscripts(subscripts, arrays.map((a) => a.ndim))
    const sizes = sizesOf(subscripts, arrays, inputs)
    let left = arrays.map((x, i) => withoutOnes(onDiagonals({ x, labels: inputs[i]! }), sizes))
    const preferred = options.preferredElementType ?? null
    if (preferred !== null) ops.checkDtype('einsum', preferred)
    while (left.length > 1) {
      const [i, j] = cheapestPair(left, output, sizes)
      const rest = left.filter((_, k) => k !== i && k !== j)
      const kept = new Set([...output, ...rest.flatMap((o) => o.labels)])
      left = [...rest, contract(left[i]!, left[j]!, kept, output, sizes, preferred)]
    }
    const out = arranged(summed(left[0]!, new Set(output)), output, sizes)
    return preferred === null ? out : ops.convert(out, preferred)
  })
}

/** The size of every label; axes of size 1 go with any. */
function sizesOf(subscripts: string, arrays: readonly NDArray[], inputs: readonly (readonly string[])[]): Sizes {
  const sizes = new Map<string, number>()
  for (const [i, labels] of inputs.entries()) {
    for (const [axis, label] of labels.entries()) {
      const d = arrays[i]!.shape[axis]!
      const known = sizes.get(label) ?? 1
      if (known !== 1 && d !== 1 && d !== known) {
        throw new ShapeError('einsum', `'${subscripts}' with shapes ${arrays.map((a) => `[${a.shape.join(',')}]`).join(', ')}: axis '${label}' has sizes ${known} and ${d}; sizes must be equal or 1`)
      }
      if (known === 1) sizes.set(label, d)
    }
  }
  return sizes
}

/** A label that stands twice in one operand reads the diagonal. */
function onDiagonals({ x, labels }: Labelled): Labelled {
  const repeated = labels.find((l, i) => labels.indexOf(l) !== i)
  if (repeated === undefined) return { x, labels }
  const axis1 = labels.indexOf(repeated)
  const axis2 = labels.indexOf(repeated, axis1 + 1)
  if (x.shape[axis1] !== x.shape[axis2]) throw new ShapeError('einsum', `axis '${repeated}' stands twice in one operand, with sizes ${x.shape[axis1]!} and ${x.shape[axis2]!}`)
  return onDiagonals({ x: diagonal(x, { axis1, axis2 }), labels: [...labels.filter((_, i) => i !== axis1 && i !== axis2), repeated] })
}

/** Axes of size 1 that are longer elsewhere go: they only broadcast. */
function withoutOnes({ x, labels }: Labelled, sizes: Sizes): Labelled {
  const ones = labels.flatMap((l, i) => (x.shape[i] === 1 && sizes.get(l) !== 1 ? [i] : []))
  return ones.length === 0 ? { x, labels } : { x: ops.squeeze(x, ones), labels: labels.filter((_, i) => !ones.includes(i)) }
}

/** The pair whose contraction shrinks memory most (opt_einsum's greedy rule); of equal ones the one of fewest products. */
function cheapestPair(operands: readonly Labelled[], output: readonly string[], sizes: Sizes): readonly [number, number] {
  const volume = (labels: Iterable<string>): number => [...labels].reduce((n, l) => n * sizes.get(l)!, 1)
  let best: readonly [number, number] = [0, 1]
  let bestCost = [Infinity, Infinity]
  for (let i = 0; i < operands.length; i++) {
    for (let j = i + 1; j < operands.length; j++) {
      const elsewhere = new Set([...output, ...operands.flatMap((o, k) => (k === i || k === j ? [] : o.labels))])
      const [a, b] = [operands[i]!.labels, operands[j]!.labels]
      const union = new Set([...a, ...b])
      const cost = [volume([...union].filter((l) => elsewhere.has(l))) - volume(a) - volume(b), volume(union)]
      if (cost[0]! < bestCost[0]! || (cost[0] === bestCost[0] && cost[1]! < bestCost[1]!)) [best, bestCost] = [[i, j], cost]
    }
  }
  return best
}

function summed({ x, labels }: Labelled, kept: ReadonlySet<string>): Labelled {
  const axis = labels.flatMap((l, i) => (kept.has(l) ? [] : [i]))
  return axis.length === 0 ? { x, labels } : { x: ops.sum(x, { axis, dtype: x.dtype }), labels: labels.filter((l) => kept.has(l)) }
}

function contract(first: Labelled, second: Labelled, kept: ReadonlySet<string>, output: readonly string[], sizes: Sizes, preferredElementType: DType | null): Labelled {
  // What only one of them has and nobody needs is summed before the product.
  const a = summed(first, new Set([...kept, ...second.labels]))
  const b = summed(second, new Set([...kept, ...first.labels]))
  const shared = a.labels.filter((l) => b.labels.includes(l))
  const contracting = shared.filter((l) => !kept.has(l))
  const batch = shared.filter((l) => kept.has(l))
  const freeOf = (o: Labelled): readonly string[] => o.labels.filter((l) => !shared.includes(l))
  if (contracting.length === 0) {
    const labels = inOrderOf(output, [...batch, ...freeOf(a), ...freeOf(b)])
    return { x: ops.mul(aligned(a, labels, sizes), aligned(b, labels, sizes)), labels }
  }
  // The side whose free axes come first in the result stands first.
  const swap = freeOf(b).length > 0 && freeOf(a).length > 0 && output.indexOf(freeOf(b)[0]!) < output.indexOf(freeOf(a)[0]!)
  const [l, r] = swap ? [b, a] : [a, b]
  const places = (o: Labelled, names: readonly string[]): number[] => names.map((n) => o.labels.indexOf(n))
  const x = ops.dotGeneral(l.x, r.x, { contracting: [places(l, contracting), places(r, contracting)], batch: [places(l, batch), places(r, batch)] }, preferredElementType)
  return { x, labels: [...batch, ...freeOf(l), ...freeOf(r)] }
}

/** Labels that the output has, in its order, then the rest. */
const inOrderOf = (output: readonly string[], labels: readonly string[]): string[] => [...output.filter((l) => labels.includes(l)), ...labels.filter((l) => !output.includes(l))]

/** Axes in the order of `labels`, of size 1 where the operand lacks one. */
function aligned({ x, labels: own }: Labelled, labels: readonly string[], sizes: Sizes): NDArray {
  const present = labels.filter((l) => own.includes(l))
  const turned = ops.transpose(x, present.map((l) => own.indexOf(l)))
  return ops.reshape(turned, labels.map((l) => (own.includes(l) ? sizes.get(l)! : 1)))
}

/** The result in the order of the output; labels that were of size 1 everywhere it went with come back. */
function arranged(o: Labelled, output: readonly string[], sizes: Sizes): NDArray {
  return ops.broadcastTo(aligned(o, output, sizes), output.map((l) => sizes.get(l)!))
}
