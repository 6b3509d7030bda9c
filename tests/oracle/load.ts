/**
 * Reads the fixtures that JAX made and holds the library to them: each case eagerly and under jit, on cpu and wasm, or on the devices of `devices.ts`.
 */
import { readFileSync } from 'node:fs'
import { defaultDevice, DeviceError, type DType, jit, type NDArray, np, vjp } from 'pullback'
import { describe, expect, test } from 'vitest'
import { type Device, held } from './devices.ts'

/** 'any' where the fixture says nothing. */
export type Encoded = number | boolean | 'NaN' | 'Infinity' | '-Infinity' | '-0' | 'any'
/** An array in a fixture; data flat and row-major. */
export interface Fixed {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: readonly Encoded[]
}
export type FixedTree = Fixed | readonly FixedTree[]

export interface Case<P> {
  readonly name: string
  readonly params: P
  readonly args: readonly Fixed[]
  readonly out: FixedTree
  /** Cotangents of the arguments `wrt`, for the cotangent `ct` of the result. */
  readonly gradient?: { readonly wrt: readonly number[]; readonly ct: FixedTree; readonly grads: readonly Fixed[] }
}

/** Relative accuracy by dtype; `scale: 'array'` measures against the largest entry, as sums of products must be. */
export interface Tolerance {
  readonly float32: number
  readonly float64: number
  readonly scale?: 'element' | 'array'
  /** Absolute slack, for functions that lose digits where they vanish. */
  readonly absolute?: number
}
export const elementwise: Tolerance = { float32: 1e-6, float64: 1e-12 }
export const contraction: Tolerance = { float32: 1e-5, float64: 1e-12, scale: 'array' }

/** Absolute slack: results below the least normal number may be flushed to zero, as XLA does. */
const leastNormal: Readonly<Partial<Record<DType, number>>> = { float32: 1.1754944e-38, float64: 2.2250738585072014e-308, float16: 6.1e-5, bfloat16: 1.1754944e-38 }

/** The fixture `name`, of the type that its test states. */
export function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T
}

export const decode = (x: Encoded): number => (typeof x === 'number' ? x : Number(x))

type Numbers = Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array

function typed(dtype: DType, data: readonly Encoded[]): Numbers {
  const values = data.map(decode)
  switch (dtype) {
    case 'float64':
      return Float64Array.from(values)
    case 'int8':
      return Int8Array.from(values)
    case 'int16':
      return Int16Array.from(values)
    case 'int32':
      return Int32Array.from(values)
    case 'uint8':
    case 'bool':
      return Uint8Array.from(values)
    case 'uint16':
      return Uint16Array.from(values)
    case 'uint32':
      return Uint32Array.from(values)
    case 'float32':
    case 'float16':
    case 'bfloat16':
      return Float32Array.from(values)
    case 'complex64':
    case 'complex128':
    case 'key':
      throw new Error(`no fixture holds ${dtype}`)
    default:
      return dtype satisfies never
  }
}

/** The array of a fixture, on the default device. */
export function array(x: Fixed): NDArray {
  return np.array(typed(x.dtype, x.data), { dtype: x.dtype }).reshape([...x.shape])
}

/** A flat array from `{ dtype, data }`. */
export const vector = (dtype: DType, data: readonly Encoded[]): NDArray => array({ dtype, shape: [data.length], data })

export function leaves(tree: FixedTree): readonly Fixed[] {
  return 'data' in tree ? [tree] : tree.flatMap((t) => leaves(t))
}

/** Wrong entries, in words; empty when all is well. */
export function differences(actual: NDArray, expected: Fixed, tolerance: Tolerance, signedZeros = false): readonly string[] {
  const got = `${actual.dtype}[${actual.shape.join(',')}]`
  const want = `${expected.dtype}[${expected.shape.join(',')}]`
  if (got !== want) return [`is ${got}, expected ${want}`]
  const a = actual.dataSync()
  const e = typed(expected.dtype, expected.data)
  const relative = expected.dtype === 'float64' ? tolerance.float64 : expected.dtype === 'float32' ? tolerance.float32 : expected.dtype === 'bfloat16' ? 0.01 : 0.001
  let largest = 0
  for (const v of e) if (Number.isFinite(v)) largest = Math.max(largest, Math.abs(v))
  const exact = leastNormal[expected.dtype] === undefined
  const wrong: string[] = []
  e.forEach((want, i) => {
    const got = Number(a[i])
    const slack = exact ? 0 : relative * (tolerance.scale === 'array' ? largest : Math.abs(want)) + (tolerance.absolute ?? leastNormal[expected.dtype]!)
    const same = expected.data[i] === 'any' || Object.is(got, want) || (got === want && !(signedZeros && want === 0)) || (Number.isFinite(want) && want !== got && Math.abs(got - want) <= slack)
    if (!same) wrong.push(`[${i}] is ${Object.is(got, -0) ? '-0' : got}, expected ${Object.is(want, -0) ? '-0' : want}`)
  })
  return wrong
}

export async function expectClose(actual: NDArray, expected: Fixed, tolerance: Tolerance = elementwise, signedZeros = false): Promise<void> {
  await actual.data()
  const wrong = differences(actual, expected, tolerance, signedZeros)
  if (wrong.length > 0) expect.fail(wrong.slice(0, 8).join('; ') + (wrong.length > 8 ? `; ${wrong.length} in all` : ''))
}

export async function expectAllClose(actual: readonly NDArray[], expected: FixedTree, tolerance: Tolerance = elementwise): Promise<void> {
  const wanted = leaves(expected)
  expect(actual.length).toBe(wanted.length)
  for (const [i, w] of wanted.entries()) await expectClose(actual[i]!, w, tolerance)
}

export interface Way {
  readonly name: string
  readonly device: Device
  readonly jitted: boolean
}
export const ways: readonly Way[] = held.devices.flatMap((device) => [
  { name: `${device} eager`, device, jitted: false },
  { name: `${device} jit`, device, jitted: true },
])

/** Runs `body` with `way`'s device as the default one, until what it promises is there. */
export function on<T>(way: Way, body: () => T): T {
  const before = defaultDevice()
  defaultDevice(way.device)
  let waits = false
  try {
    const result = body()
    if (!(result instanceof Promise)) return result
    waits = true
    return result.finally(() => {
      defaultDevice(before)
    }) as T // of what the promise was
  } finally {
    if (!waits) defaultDevice(before)
  }
}

/** What a device does with arrays of these dtypes: `body` holds, or, where it has not all of them, an error says so. */
export async function onTyped(way: Way, dtypes: readonly DType[], body: () => Promise<void>): Promise<void> {
  if (dtypes.every((d) => held.supports(d))) return on(way, body)
  await expect(on(way, async () => body())).rejects.toThrow(DeviceError)
}

type Program = (...xs: NDArray[]) => readonly NDArray[]

/** `f` as this way runs it. */
export function prepared(way: Way, f: Program): Program {
  return way.jitted ? jit(f, { device: way.device }) : f
}

type Build<P> = (params: P) => (...xs: NDArray[]) => NDArray | readonly NDArray[]

/** A test for each case in each way: the value, and the gradient where the fixture has one. */
export function holds<P>(title: string, cases: readonly Case<P>[], build: Build<P>, tolerance: Tolerance = elementwise): void {
  for (const way of ways) {
    const tried = held.some(cases)
    if (tried.length === 0) continue
    describe(`${title}, ${way.name}`, () => {
      for (const c of tried) test(c.name, () => onTyped(way, [...c.args, ...leaves(c.out)].map((x) => x.dtype), () => check(c, build, tolerance, way)))
    })
  }
}

async function check<P>(c: Case<P>, build: Build<P>, tolerance: Tolerance, way: Way): Promise<void> {
  const f = build(c.params)
  const program: Program = (...xs) => [f(...xs)].flat()
  const args = c.args.map(array)
  await expectAllClose(prepared(way, program)(...args), c.out, tolerance)
  const gradient = c.gradient
  if (gradient === undefined) return
  const { wrt, ct, grads } = gradient
  const inPlace = (floats: readonly NDArray[]): NDArray[] => args.map((a, i) => (wrt.includes(i) ? floats[wrt.indexOf(i)]! : a))
  const backward: Program = (...xs) => {
    const [, pullback] = vjp((...floats: NDArray[]) => program(...inPlace(floats)), xs.slice(0, wrt.length))
    return pullback(xs.slice(wrt.length))
  }
  const cotangents = leaves(ct).map(array)
  await expectAllClose(prepared(way, backward)(...wrt.map((i) => args[i]!), ...cotangents), grads, tolerance)
}
