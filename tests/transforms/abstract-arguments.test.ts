/** `{ shape, dtype }` in place of arrays where only types are read, and aux handed through Jacobians, as in JAX. */
import { expect, expectTypeOf, test } from 'vitest'
import { evalShape, hessian, jacfwd, jacrev, linearTranspose, lower, np, type ShapeDtype } from '../../src/index.ts'

const f32 = (...shape: number[]): ShapeDtype => ({ shape, dtype: 'float32' })

test('evalShape takes types for arrays, anywhere in a tree', () => {
  const loss = (p: { w: np.NDArray; b: np.NDArray }, x: np.NDArray): np.NDArray => x.matmul(p.w).add(p.b)
  expect(evalShape(loss, { w: f32(3, 2), b: f32(2) }, f32(5, 3))).toEqual(f32(5, 2))
  expect(evalShape(loss, { w: np.ones([3, 2]), b: f32(2) }, f32(5, 3))).toEqual(f32(5, 2))
  expect(evalShape((x: np.NDArray) => x.add(1), { shape: [2], dtype: 'int32' })).toEqual({ shape: [2], dtype: 'int32' })
  expectTypeOf(evalShape(loss, { w: f32(3, 2), b: f32(2) }, f32(5, 3))).toEqualTypeOf<ShapeDtype>()
  expect(() => evalShape(loss, { w: f32(4, 2), b: f32(2) }, f32(5, 3))).toThrow('matmul: got shapes [5,3] and [4,2]')
  expect(() => evalShape((x: np.NDArray) => x, f32(-1))).toThrow('evalShape: got shape [-1]')
  // @ts-expect-error no dtype of that name
  expect(() => evalShape((x: np.NDArray) => x, { shape: [2], dtype: 'float' })).toThrow('evalShape: the string "float" at [0]["dtype"]')
})

test('linearTranspose and lower do so too', () => {
  const t = linearTranspose((x: np.NDArray) => x.mul(3), [f32(2)])
  expect(t(np.array([1, 2])).map((x) => x.js())).toEqual([[3, 6]])
  const lowered = lower((x: np.NDArray, n: number) => np.sin(x).mul(n), { staticArgnums: 1 })(f32(3), 2)
  expect(lowered.text('jaxpr')).toBe('{ lambda ; a:f32[3]. let\n    b:f32[3] = sin a\n    c:f32[3] = mul b 2.0:~f32[]\n  in (c,) }')
  expect(lowered.compile().call(np.zeros([3]), 2).js()).toEqual([0, 0, 0])
  expect(() => lowered.compile().call(np.zeros([4]), 2)).toThrow('compiled for argument [0] of type float32[3]')
})

test('jacfwd, jacrev and hessian hand aux through', () => {
  const f = (x: np.NDArray): [np.NDArray, { n: number; doubled: np.NDArray }] => [np.sum(x.mul(x).mul(x)), { n: 3, doubled: x.mul(2) }]
  const x = np.array([1, 2])
  for (const derivative of [jacfwd, jacrev]) {
    const [j, aux] = derivative(f, { hasAux: true })(x)
    expectTypeOf(j).toEqualTypeOf<np.NDArray>()
    expectTypeOf(aux.n).toEqualTypeOf<np.NDArray>()
    expect(j.js()).toEqual([3, 12])
    expect([aux.n.js(), aux.doubled.js()]).toEqual([3, [2, 4]])
  }
  const [h, aux] = hessian(f, { hasAux: true })(x)
  expectTypeOf(h).toEqualTypeOf<np.NDArray>()
  expect(h.js()).toEqual([[6, 0], [0, 12]])
  expect([aux.n.js(), aux.doubled.js()]).toEqual([3, [2, 4]])
  expect(() => jacrev((v: np.NDArray) => [v, v, v] as unknown as [np.NDArray, np.NDArray], { hasAux: true })(x)).toThrow('must return [value, aux]')
  const [vector] = jacfwd((v: np.NDArray) => [np.sin(v), null] as const, { hasAux: true })(np.zeros([2]))
  expect(vector.js()).toEqual([[1, 0], [0, 1]])
})
