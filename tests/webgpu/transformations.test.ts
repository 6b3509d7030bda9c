/** The laws of tests/laws on batches, loops, derivatives and linear maps, with webgpu as the device: both sides of each equation are computed there. */
import fc from 'fast-check'
import { jit, jvp, lax, linearTranspose, type NDArray, np, vjp, vmap } from 'pullback'
import { programs } from 'pullback/testing'
import { interpret } from '../../src/backends/cpu/interpret.ts'
import { printJaxpr } from '../../src/core/print.ts'
import { batchOf, type Batch, mapped } from '../laws/batch.ts'
import { bodies, type Body } from '../laws/bodies.ts'
import { composable, composition, derivativeOf, floats, like, type Pair, parallel, stacked } from '../laws/composed.ts'
import { asyncLaw } from '../laws/law.ts'
import { expectWithinSpread, spreads } from '../laws/rounding.ts'
import { transformedPrograms } from '../laws/traced.ts'
import { sized } from '../scale.ts'
import { byGpu, byGpuReordered, common, differentiable, type Equation, type Fn, holds, in32Bits } from './agreement.ts'
import { backend, validatesShaders } from './own.ts'

validatesShaders()

const runs = sized(8, 150)
const seeds = fc.nat(0xffff)

function equation<T extends { toString: () => string }>(statement: string, arbitrary: fc.Arbitrary<T>, sides: (value: T, seed: number) => Equation): void {
  asyncLaw(statement, fc.tuple(arbitrary.filter(in32Bits), seeds), async ([value, seed], run) => {
    if (!(await holds(() => sides(value, seed)))) run.discard()
  }, runs)
}
/** Of pairs, which say nothing of themselves. */
const pairs = (arbitrary: fc.Arbitrary<Pair>): fc.Arbitrary<Pair> => arbitrary.map((pair) => ({ ...pair, toString: () => `f: ${pair.f}\ng: ${pair.g}` }))

/** What call `i` of a batch is given, of the operands of all. */
const call = ({ axes }: Batch, xs: readonly NDArray[], i: number): NDArray[] => xs.map((x, k) => (axes[k] == null ? x : np.moveaxis(x, axes[k], 0).slice(i)))

equation('vmap agrees with a loop', programs(common), (f, seed) => {
  const batch = batchOf(f, seed)
  return { operands: batch.operands, left: mapped(f.apply, batch), right: (...xs) => stacked(Array.from({ length: batch.size }, (_, i) => f.apply(...call(batch, xs, i)))) }
})

equation('vmap commutes with jit', programs(common), (f, seed) => {
  const batch = batchOf(f, seed)
  return { operands: batch.operands, left: jit(mapped(f.apply, batch)), right: mapped(jit(f.apply), batch) }
})

equation('vmap commutes with jvp', programs(differentiable), (f, seed) => {
  const batch = batchOf(f, seed, undefined, false)
  const { operands, axes, size } = batch
  const n = operands.length
  return {
    operands: [...operands, ...like(operands, seed)],
    left: (...v) => jvp(mapped(f.apply, batch), v.slice(0, n), v.slice(n)).flat(),
    right: vmap((...v: NDArray[]) => jvp(f.apply, v.slice(0, n), v.slice(n)).flat(), [...axes, ...axes], 0, { axisSize: size }),
  }
})

equation('vmap commutes with vjp', programs(differentiable), (f, seed) => {
  const batch = batchOf(f, seed, undefined, false)
  const { operands, axes, size } = batch
  const pulled = (g: Fn): Fn => (...xs) => {
    const [ys, pull] = vjp(g, xs)
    return pull(like(ys, seed))
  }
  const each = vmap((xs: NDArray[], cts: NDArray[]) => vjp(f.apply, xs)[1](cts), [[...axes], 0] as [(number | null)[], number], [...axes] as number[], { axisSize: size })
  return { operands, left: (...xs) => floats(pulled(mapped(f.apply, batch))(...xs)), right: (...xs) => floats(each([...xs], like(mapped(f.apply, batch)(...xs), seed))) }
})

interface Looped {
  readonly carry: NDArray[]
  readonly ys: NDArray[]
}
const scanned = ({ step }: Body, length: number, reverse: boolean, init: NDArray[], xs: NDArray[]): Looped => {
  const [carry, ys] = lax.scan(step, init, xs, { length, reverse })
  return { carry, ys }
}
/** The same loop as statements. */
function unrolled({ step }: Body, length: number, reverse: boolean, init: NDArray[], xs: NDArray[]): Looped {
  let carry = init
  const rows: NDArray[][] = []
  for (let s = 0; s < length; s++) {
    const i = reverse ? length - 1 - s : s
    ;[carry, rows[i]] = step(carry, xs.map((x) => x.slice(i)))
  }
  return { carry, ys: stacked(rows) }
}
/** A body, how often it runs, and in which direction. */
const loop = (body: Body, seed: number): { readonly init: NDArray[]; readonly xs: NDArray[]; readonly steps: number; readonly reverse: boolean; readonly flat: (run: typeof scanned) => Fn } => {
  const [init, steps, reverse] = [body.init(seed), 1 + (seed % 4), (seed & 64) !== 0]
  const flat = (run: typeof scanned): Fn => (...v) => {
    const { carry, ys } = run(body, steps, reverse, v.slice(0, init.length), v.slice(init.length))
    return [...carry, ...ys]
  }
  return { init, xs: body.xs(seed + 1, steps), steps, reverse, flat }
}

equation('vmap commutes with scan', bodies(common), (body, seed) => {
  const [size, steps] = [1 + (seed % 3), 1 + (seed % 4)]
  const inits = stacked(Array.from({ length: size }, (_, i) => body.init(seed + i)))
  const xs = stacked(Array.from({ length: size }, (_, i) => body.xs(seed + 31 * i, steps)), 1)
  const n = inits.length
  return {
    operands: [...inits, ...xs],
    left: (...v) => vmap((c: NDArray[], x: NDArray[]) => lax.scan(body.step, c, x, { length: steps }), [0, 1], [0, 1] as const)(v.slice(0, n), v.slice(n)).flat(),
    right: (...v) => lax.scan((c: NDArray[], x: NDArray[]) => vmap(body.step)(c, x), v.slice(0, n), v.slice(n), { length: steps }).flat(),
  }
})

equation('scan agrees with its unrolled loop', bodies(common), (body, seed) => {
  const { init, xs, flat } = loop(body, seed)
  return { operands: [...init, ...xs], left: flat(scanned), right: flat(unrolled) }
})

equation('a scan under jit is the scan', bodies(common), (body, seed) => {
  const { init, xs, flat } = loop(body, seed)
  return { operands: [...init, ...xs], left: jit(flat(scanned)), right: flat(scanned) }
})

equation('scan over xs ++ ys is the scan over ys from the carry of xs', bodies(common), (body, seed) => {
  const { init, xs, steps, reverse, flat } = loop(body, seed)
  const cut = Math.floor(steps / 2)
  const parted: typeof scanned = (_, length, __, carry, all) => {
    const parts: [number, number][] = reverse ? [[cut, length], [0, cut]] : [[0, cut], [cut, length]]
    const [first, second] = parts as [[number, number], [number, number]] // both
    const a = scanned(body, first[1] - first[0], reverse, carry, all.map((x) => x.slice(first)))
    const b = scanned(body, second[1] - second[0], reverse, a.carry, all.map((x) => x.slice(second)))
    return { carry: b.carry, ys: a.ys.map((y, i) => np.concatenate(reverse ? [b.ys[i]!, y] : [y, b.ys[i]!])) }
  }
  return { operands: [...init, ...xs], left: flat(scanned), right: flat(parted) }
})

equation('the derivatives of a scan are those of its unrolled loop', bodies(differentiable), (body, seed) => {
  const { init, xs, flat } = loop(body, seed)
  const derivatives = (f: Fn): Fn => (...v) => {
    const [ys, pull] = vjp(f, v)
    return floats([...jvp(f, v, like(v, seed))[1], ...pull(like(ys, seed + 1))])
  }
  return { operands: [...init, ...xs], left: jit(derivatives(flat(scanned))), right: derivatives(flat(unrolled)), rounds: byGpuReordered }
})

equation('the pullback of g∘f is the pullback of f after the pullback of g', pairs(composable(differentiable)), (pair, seed) => {
  const { f, g } = pair
  return {
    operands: f.args(seed),
    left: (...xs) => {
      const [zs, pull] = vjp(composition(pair), xs)
      return floats(pull(like(zs, seed)))
    },
    right: (...xs) => {
      const [ys, pullF] = vjp(f.apply, xs)
      const [zs, pullG] = vjp(g.apply, ys)
      return floats(pullF(pullG(like(zs, seed))))
    },
  }
})

/** Sum of products, of floats. */
const inner = (xs: readonly NDArray[], ys: readonly NDArray[]): NDArray => floats(xs).reduce((sum, x, i) => sum.add(np.sum(x.mul(floats(ys)[i]!))), np.zeros([]))

equation('⟨ct, J v⟩ = ⟨Jᵀ ct, v⟩', programs(differentiable), (f, seed) => ({
  operands: f.args(seed),
  left: (...xs) => {
    const [ys, tangents] = jvp(f.apply, xs, like(xs, seed))
    return [inner(tangents, like(ys, seed + 1))]
  },
  right: (...xs) => {
    const [ys, pull] = vjp(f.apply, xs)
    return [inner(pull(like(ys, seed + 1)), like(xs, seed))]
  },
}))

equation('the pullback of 2 f - g is twice that of f, less that of g', pairs(parallel(differentiable)), ({ f, g }, seed) => {
  const scalar = (h: Fn) => (...xs: NDArray[]): NDArray => {
    const ys = h(...xs)
    return inner(ys, like(ys, seed + 1))
  }
  const pulled = (h: (...xs: NDArray[]) => NDArray, xs: NDArray[]): NDArray[] => floats(vjp(h, xs)[1](np.ones([])))
  const [a, b] = [scalar(f.apply), scalar(g.apply)]
  return {
    operands: f.args(seed),
    left: (...xs) => pulled((...v) => a(...v).mul(2).sub(b(...v)), xs),
    right: (...xs) => {
      const ofB = pulled(b, xs)
      return pulled(a, xs).map((x, i) => x.mul(2).sub(ofB[i]!))
    },
    rounds: byGpuReordered,
  }
})

const transposed = (f: Fn, like: readonly NDArray[]): Fn => {
  const turned = linearTranspose(f, [...like])
  return (...cts) => turned(cts)
}

equation('linearTranspose is an involution', programs(differentiable), (f, seed) => ({
  operands: f.args(seed),
  left: (...xs) => derivativeOf(f.apply, xs)(...floats(like(xs, seed))),
  right: (...xs) => {
    const [push, tangents] = [derivativeOf(f.apply, xs), floats(like(xs, seed))]
    return transposed(transposed(push, tangents), push(...tangents))(...tangents)
  },
}))

equation('linearTranspose reverses composition', pairs(composable(differentiable)), ({ f, g }, seed) => {
  const parts = (xs: NDArray[]) => {
    const ys = f.apply(...xs)
    const [df, dg] = [derivativeOf(f.apply, xs), derivativeOf(g.apply, ys)]
    return { df, dg, tangents: floats(xs), middle: floats(ys), ct: like(floats(g.apply(...ys)), seed) }
  }
  return {
    operands: f.args(seed),
    left: (...xs) => {
      const { df, dg, tangents, ct } = parts(xs)
      return transposed((...t) => dg(...df(...t)), tangents)(...ct)
    },
    right: (...xs) => {
      const { df, dg, tangents, middle, ct } = parts(xs)
      return transposed(df, tangents)(...transposed(dg, middle)(...ct))
    },
  }
})

asyncLaw('what transformations of transformed programs give, in any order, is what cpu gives', fc.tuple(transformedPrograms({ minLength: 2, maxLength: 3 }, differentiable).filter(({ jaxpr }) => in32Bits(printJaxpr(jaxpr))), seeds), async ([{ jaxpr, inputs }, seed], run) => {
  const given = inputs(seed)
  const results = backend().compile(jaxpr).call(given.map(({ bytes }) => backend().put(bytes.slice())))
  const got = await Promise.all(results.map(async (s, i) => ({ aval: jaxpr.outputs[i]!.aval, bytes: await s.readAsync() })))
  if (!expectWithinSpread(got, interpret(jaxpr, given), spreads(jaxpr, given, byGpu, true))) run.discard()
}, runs)
