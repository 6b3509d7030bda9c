import { describe, expect, test } from 'vitest'
import { idx, safetensors } from '../../src/data/index.ts'
import { ArgumentError, DtypeError, grad, jvp, lax, linearize, linearTranspose, lower, makeJaxpr, type NDArray, np, parseJaxpr, ShapeError, tree, TreeError, vjp } from '../../src/index.ts'

const x = np.array([1, 2, 3])

describe('programs as text', () => {
  const programs = {
    'one equation': makeJaxpr((a: NDArray) => np.sin(a))(x),
    'a loop': makeJaxpr((a: NDArray) => lax.scan((c, y: NDArray) => [np.add(c, np.sin(y)), np.multiply(c, 2)], np.zeros([]), a))(x),
    'what it closes over': makeJaxpr((a: NDArray) => a.add(x))(x),
  }
  test.each(Object.entries(programs))('%s: the text of what parseJaxpr reads is the text it read', (_name, program) => {
    expect(String(parseJaxpr(String(program)))).toBe(String(program))
    expect(parseJaxpr(String(program)).outAvals).toEqual(program.outAvals)
  })
  test('a program without arguments is written as JAX writes it', () => {
    const program = String(makeJaxpr(() => np.sin(1))())
    expect(program).toBe('{ lambda ; . let a:~f32[] = sin 1.0:~f32[] in (a,) }')
    expect(String(parseJaxpr(program))).toBe(program)
  })
  test('only text is read', () => {
    // @ts-expect-error a program is no text
    expect(() => parseJaxpr(programs['one equation'])).toThrow(ArgumentError)
  })
})

describe('what was compiled runs on the types it was compiled for', () => {
  const compiled = lower((a: NDArray, n: number, p: { b: NDArray }) => a.mul(n).add(p.b), { staticArgnums: 1 })(x, 2, { b: x }).compile()
  test('the same types', () => expect(compiled.call(x, 2, { b: np.ones([3]) }).js()).toEqual([3, 5, 7]))
  test('another shape', () => expect(() => compiled.call(np.ones([2]), 2, { b: x })).toThrow(ShapeError))
  test('another dtype', () => expect(() => compiled.call(x, 2, { b: x.astype('int32') })).toThrow(DtypeError))
  test('another tree', () => {
    // @ts-expect-error an argument is missing
    expect(() => compiled.call(x, 2)).toThrow(TreeError)
  })
})

describe('lists of arguments', () => {
  const f = (a: NDArray): NDArray => a.mul(2)
  const one = np.array([1])
  test.each<[string, () => unknown]>([
    // @ts-expect-error an array is no list of arguments
    ['primals of jvp', () => jvp(f, one, [one])],
    // @ts-expect-error
    ['tangents of jvp', () => jvp(f, [one], one)],
    // @ts-expect-error
    ['primals of vjp', () => vjp(f, one)],
    // @ts-expect-error
    ['primals of linearize', () => linearize(f, one)],
    // @ts-expect-error
    ['primals of linearTranspose', () => linearTranspose(f, one)],
  ])('%s: an array is not spread into its rows', (_name, call) => expect(call).toThrow(/list with one entry for each argument/))
  test('a call without arguments has none to derive', () => {
    expect(() => grad((): NDArray => np.array(1))()).toThrow(/there is none to name/)
  })
  test('an argument is named once', () => {
    expect(() => grad((a: NDArray, b: NDArray) => np.sum(a.mul(b)), { argnums: [0, 0] })(x, x)).toThrow(/names one argument twice/)
  })
})

test('a class is rebuilt from what stays the same and its children, in the order of JAX', () => {
  class Scaled {
    readonly factor: number
    readonly value: NDArray
    constructor(factor: number, value: NDArray) {
      this.factor = factor
      this.value = value
    }
  }
  tree.register(Scaled, (s) => [[s.value] as const, s.factor], (factor, [value]) => new Scaled(factor as number, value))
  const doubled = tree.map((v) => v.mul(2), new Scaled(5, x)) as unknown
  expect(doubled).toBeInstanceOf(Scaled)
  expect([(doubled as Scaled).factor, (doubled as Scaled).value.js()]).toEqual([5, [2, 4, 6]])
})

test('a truth value and a number alone make a weak number', () => {
  expect(np.add(true, 1).aval.weakType).toBe(true)
  expect(np.add(np.add(true, 1), np.array([1], { dtype: 'float16' })).dtype).toBe('float16')
})

test.each<[string, (bytes: Uint8Array) => unknown]>([
  ['idx.decode', idx.decode],
  ['idx.tryDecode', idx.tryDecode],
  ['safetensors.decode', safetensors.decode],
  ['safetensors.tryDecode', safetensors.tryDecode],
  ['safetensors.metadata', safetensors.metadata],
])('%s: what is no bytes is a fault of the call', (_name, decode) => {
  // @ts-expect-error a buffer has no bytes of its own
  expect(() => decode(new ArrayBuffer(8))).toThrow(/an ArrayBuffer; new Uint8Array\(buffer\)/)
  // @ts-expect-error text
  expect(() => decode('file')).toThrow(ArgumentError)
})

describe('what is no index', () => {
  test.each([undefined, true, 'a'])('%s', (entry) => {
    // @ts-expect-error no entry of an index
    expect(() => x.slice(entry)).toThrow(/is no index; it takes integers, lists/)
    // @ts-expect-error no entry of an index
    expect(() => x.at(entry).set(0)).toThrow(ArgumentError)
  })
  test('a mode that does not exist', () => {
    // @ts-expect-error no mode
    expect(() => x.at(np.array([0], { dtype: 'int32' })).get({ mode: 'wrap' })).toThrow(/clip, fill, drop, promiseInBounds/)
    // @ts-expect-error no mode
    expect(() => x.at(0).set(1, { mode: 'wrap' })).toThrow(/clip, fill, drop, promiseInBounds/)
  })
})
