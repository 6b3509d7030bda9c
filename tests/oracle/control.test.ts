// The programs are make_control.py's, in this library's words.
import { grad, hessian, jacfwd, jacrev, jvp, lax, type NDArray, np, vmap } from 'pullback'
import { type Case, contraction, decode, type Encoded, holds, load } from './load.ts'

interface Fixture {
  readonly W: { readonly data: readonly Encoded[] }
  readonly XS: { readonly data: readonly Encoded[] }
  readonly scan: readonly Case<{ readonly program: keyof typeof programs }>[]
  readonly jacobians: readonly Case<{ readonly program: keyof typeof jacobians }>[]
}
type Program = (...xs: NDArray[]) => NDArray | readonly NDArray[]

const fixture = load<Fixture>('control.json')

function rnn(w: NDArray, h: NDArray, xs: NDArray, reverse = false): [NDArray, NDArray] {
  const body = (state: NDArray, x: NDArray): [NDArray, NDArray] => {
    const next = np.tanh(w.matmul(state).add(x))
    return [next, np.sum(next.mul(next))]
  }
  return lax.scan(body, h, xs, { reverse })
}

const cumulative = (x: NDArray, start: NDArray): [NDArray, NDArray] => lax.scan((c: NDArray, v: NDArray) => [c.add(v), c.mul(v)], start, x)
const loss = (w: NDArray, h: NDArray, xs: NDArray): NDArray => np.sum(rnn(w, h, xs)[1])

function iterate(x: NDArray): readonly NDArray[] {
  const [carry] = lax.scan(([a, b]: [NDArray, NDArray], _: null) => [[a.mul(0.5).add(np.sin(b)), a.mul(b)], null], [x, x.mul(2)] as [NDArray, NDArray], null, { length: 6 })
  return carry
}

function nested(w: NDArray, x: NDArray): readonly NDArray[] {
  const outer = (c: NDArray, _: null): [NDArray, NDArray] => {
    const [d, ys] = lax.scan((e: NDArray, v: NDArray) => [np.tanh(e.mul(v)), e], c, w)
    return [d.add(1), np.sum(ys)]
  }
  return lax.scan(outer, x, null, { length: 3 })
}

function intCarry(xs: NDArray): readonly NDArray[] {
  const start: [NDArray, NDArray] = [np.array(0, { dtype: 'int32' }), np.zeros([3], { dtype: xs.dtype })]
  const [carry, ys] = lax.scan(([i, sum]: [NDArray, NDArray], x: NDArray) => [[i.add(1), sum.add(x.mul(i.astype(x.dtype)))], i], start, xs)
  return [...carry, ys]
}

const programs = {
  rnn: (w, h, xs) => rnn(w, h, xs),
  rnnReverse: (w, h, xs) => rnn(w, h, xs, true),
  cumulative: (x) => cumulative(x, np.zerosLike(x.slice(0))),
  cumulativeEmpty: (x) => cumulative(x, np.ones([3], { dtype: x.dtype })),
  iterate: (x) => iterate(x),
  nested: (w, x) => nested(w, x),
  vmapScan: (w, hs, xs) => vmap((v: NDArray, h: NDArray, x: NDArray) => rnn(v, h, x), [null, 0, 1])(w, hs, xs),
  gradLoss: (w, h, xs) => grad(loss, { argnums: [0, 1, 2] })(w, h, xs),
  vmapGrad: (w, hs, xs) => vmap(grad(loss), [null, 0, null])(w, hs, xs),
  vmapOfBody: (c, xs) => lax.scan((k: NDArray, x: NDArray) => [k.mul(0.5), vmap((v: NDArray) => np.sin(v))(x.mul(k))], c, xs),
  intCarry: (xs) => intCarry(xs),
} satisfies Record<string, Program>

holds('scan', fixture.scan, ({ program }) => programs[program] as Program, contraction)

const vector = (x: NDArray): NDArray => np.stack([x.slice(0).mul(x.slice(1)), np.sin(x.slice(2)).mul(x.slice(0)), np.exp(x.slice(1).mul(x.slice(1)).neg())])
const scalar = (x: NDArray): NDArray => np.sum(x.pow(3)).add(x.slice(0).mul(np.sin(x.slice(1))).mul(x.slice(2))).add(np.tanh(x.dot(x)))
const constant = (x: { readonly data: readonly Encoded[] }, shape: readonly number[], like: NDArray): NDArray => np.array(Float32Array.from(x.data, decode)).reshape([...shape]).astype(like.dtype)
const final = (h: NDArray): NDArray => rnn(constant(fixture.W, [3, 3], h), h, constant(fixture.XS, [5, 3], h))[0]
const lossOf = (h: NDArray): NDArray => loss(constant(fixture.W, [3, 3], h), h, constant(fixture.XS, [5, 3], h))

function jacrevTree(x: NDArray): readonly NDArray[] {
  const j = jacrev((p: { a: NDArray; b: NDArray }) => np.stack([p.a.mul(p.b), p.b.pow(2)]))({ a: x.slice(0), b: x.slice(1) })
  return [j.a, j.b]
}

const jacobians = {
  jacfwd: (x) => jacfwd(vector)(x),
  jacrev: (x) => jacrev(vector)(x),
  hessian: (x) => hessian(scalar)(x),
  grad: (x) => grad(scalar)(x),
  third: (x) => jacfwd(hessian(scalar))(x),
  jacrevJacrev: (x) => jacrev(jacrev(scalar))(x),
  hessianVectorProduct: (x) => jvp(grad(scalar), [x], [np.array([1, -2, 0.5], { dtype: x.dtype })])[1],
  jacfwdScan: (x) => jacfwd(final)(x),
  hessianScan: (x) => hessian(lossOf)(x),
  jacrevTree: (x) => jacrevTree(x),
  vmapJvp: (x) => vmap((t: NDArray) => jvp(scalar, [x], [t])[1])(np.eye(3, { dtype: x.dtype })),
} satisfies Record<string, Program>

holds('jacobians', fixture.jacobians, ({ program }) => jacobians[program] as Program, contraction)
