/**
 * What wasm computes is what the reference computes, and compiling for it changes nothing but the order of sums: there programs go
 * through the passes, fusion and emitted code, of which laws that name no device see nothing.
 */
import fc from 'fast-check'
import { defaultDevice, jit, jvp, lax, makeJaxpr, type NDArray, vjp } from 'pullback'
import { programs } from 'pullback/testing'
import { batchOf, mapped } from './batch.ts'
import { bodies } from './bodies.ts'
import { anyPrograms, differentiable, like } from './composed.ts'
import { law } from './law.ts'
import { byDevice, byOrder, expectWithinSpread, spreads } from './rounding.ts'
import { expectSame, expectTypes, hostOf, isFloat } from './values.ts'

const seeds = fc.nat(0xffff)
type Fn = (...xs: NDArray[]) => NDArray[]

/** Undecided where every result is a matter of rounding. */
function expectAgreement(f: Fn, xs: readonly NDArray[], got: readonly NDArray[], wanted: readonly NDArray[], rounds = byDevice): boolean {
  expectTypes(got, wanted)
  const { jaxpr, consts } = makeJaxpr(f)(...xs)
  return expectWithinSpread(got.map(hostOf), wanted.map(hostOf), spreads(jaxpr, [...consts, ...xs].map(hostOf), rounds))
}

/** What a function of a seed gives where wasm is the default device: its operands, and what it makes of numbers, are there. */
function onWasm<T>(f: () => T): T {
  const before = defaultDevice()
  defaultDevice('wasm')
  try {
    return f()
  } finally {
    defaultDevice(before)
  }
}

law('wasm agrees with cpu, operation by operation', fc.tuple(anyPrograms(), seeds), ([f, seed], run) => {
  const got = onWasm(() => f.apply(...f.args(seed)))
  const xs = f.args(seed)
  if (!expectAgreement(f.apply, xs, got, f.apply(...xs))) run.discard()
})

law('wasm agrees with cpu, compiled', fc.tuple(anyPrograms(), seeds), ([f, seed], run) => {
  const got = onWasm(() => jit(f.apply)(...f.args(seed)))
  const xs = f.args(seed)
  if (!expectAgreement(f.apply, xs, got, f.apply(...xs))) run.discard()
})

law('jit agrees with eager on wasm, to the bit where nothing is summed', fc.tuple(anyPrograms(), seeds), ([f, seed], run) => {
  const eager = onWasm(() => f.apply(...f.args(seed)))
  const compiled = onWasm(() => jit(f.apply)(...f.args(seed)))
  if (!expectAgreement(f.apply, f.args(seed), compiled, eager, byOrder)) run.discard()
})

law('wasm agrees with cpu on derivatives', fc.tuple(programs(differentiable), seeds), ([f, seed], run) => {
  const push = (xs: readonly NDArray[]): NDArray[] => {
    const [ys, tangents] = jvp(f.apply, [...xs], like(xs, seed))
    return [...tangents, ...vjp(f.apply, [...xs])[1](like(ys, seed + 1))].filter(isFloat)
  }
  const got = onWasm(() => jit(push)(f.args(seed)))
  const xs = f.args(seed)
  if (!expectAgreement((...v) => push(v), xs, got, push(xs))) run.discard()
})

law('jit is idempotent on wasm, to the bit', fc.tuple(anyPrograms(), seeds), ([f, seed]) => {
  onWasm(() => {
    const xs = f.args(seed)
    expectSame(jit(jit(f.apply))(...xs), jit(f.apply)(...xs))
  })
})

law('vmap commutes with jit on wasm, to the bit where nothing is summed', fc.tuple(anyPrograms(), seeds), ([f, seed], run) => {
  const [batch, there] = [batchOf(f, seed), onWasm(() => batchOf(f, seed))]
  const results = (g: Fn): NDArray[] => onWasm(() => g(...there.operands))
  const map = (g: Fn): Fn => mapped(g, batch)
  const wanted = results(map(f.apply))
  const agree = [jit(map(f.apply)), map(jit(f.apply))].map((g) => expectAgreement(map(f.apply), batch.operands, results(g), wanted, byOrder))
  if (!agree.includes(true)) run.discard()
})

law('a scan under jit is the scan on wasm, to the bit where nothing is summed', fc.tuple(bodies(), fc.record({ seed: fc.nat(0xffff), steps: fc.nat(4), reverse: fc.boolean() })), ([body, { seed, steps, reverse }], run) => {
  const given = (): NDArray[] => [...body.init(seed), ...body.xs(seed + 1, steps)]
  const carries = body.init(seed).length
  const loop: Fn = (...v) => lax.scan(body.step, v.slice(0, carries), v.slice(carries), { length: steps, reverse }).flat()
  const wanted = onWasm(() => loop(...given()))
  const got = onWasm(() => jit(loop)(...given()))
  if (!expectAgreement(loop, given(), got, wanted, byOrder)) run.discard()
})
