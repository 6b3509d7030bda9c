import { lax, type NDArray, nn, np } from 'pullback'
import { type Case, holds, load } from './load.ts'

type Cases = readonly Case<object>[]
interface Fixture {
  readonly unary: Readonly<Record<keyof typeof unary, Cases>>
  readonly binary: Readonly<Record<keyof typeof binary, Cases>>
  readonly reduce: Readonly<Record<keyof typeof reduce, Cases>>
  readonly matmul: Cases
  readonly softmax: Cases
  readonly cumsum: Cases
  readonly sort: Cases
}

const unary = { neg: lax.neg, abs: lax.abs, sign: lax.sign, floor: lax.floor, sqrt: lax.sqrt, rsqrt: lax.rsqrt, exp: lax.exp, log: lax.log, log1p: lax.log1p, sin: lax.sin, tanh: lax.tanh, logistic: lax.logistic, erf: lax.erf, isFinite: lax.isFinite, square: lax.square }
const binary = { add: lax.add, sub: lax.sub, mul: lax.mul, div: lax.div, max: lax.max, min: lax.min, pow: lax.pow, lt: lax.lt, eq: lax.eq }
const reduce = { sum: np.sum, prod: np.prod, max: np.max, min: np.min, mean: np.mean, argmax: np.argmax }

const fixture = load<Fixture>('half.json')
for (const [name, f] of Object.entries(unary) as [keyof typeof unary, (x: NDArray) => NDArray][]) holds(name, fixture.unary[name], () => (x) => f(x))
for (const [name, f] of Object.entries(binary) as [keyof typeof binary, (x: NDArray, y: NDArray) => NDArray][]) holds(name, fixture.binary[name], () => (x, y) => f(x, y))
for (const [name, f] of Object.entries(reduce) as [keyof typeof reduce, (x: NDArray, axis: number) => NDArray][]) holds(name, fixture.reduce[name], () => (x) => f(x, 1))
holds('matmul', fixture.matmul, () => (x, y) => np.matmul(x, y))
holds('softmax', fixture.softmax, () => (x) => nn.softmax(x))
holds('cumsum', fixture.cumsum, () => (x) => lax.cumsum(x, { axis: 0 }))
holds('sort', fixture.sort, () => (x) => np.sort(x, x.ndim === 2 ? 0 : -1))
