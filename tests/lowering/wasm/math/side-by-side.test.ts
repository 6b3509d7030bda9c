import { expect, test } from 'vitest'
import { f32x4, f32x4ExpOfNonPositive, f32x4Side, type UnaryName } from '../../../../src/lowering/wasm/math/index.ts'
import { generator, mapF32 } from './harness.ts'

const random = generator(3)
const xs = Float32Array.from({ length: 4096 }, (_, i) => [NaN, Infinity, -Infinity, 0, -0][i] ?? (random() - 0.5) * 10 ** (random() * 6 - 2))

test.each(Object.keys(f32x4Side) as UnaryName[])('%s of several vectors side by side has the bits of each alone', (name) => {
  const alone = mapF32((fn, [x], helpers) => x && f32x4[name](fn, x, helpers), xs)
  for (const width of [1, 2, 4]) {
    for (let which = 0; which < width; which++) {
      // the others hold something else
      const side = mapF32((fn, [x], helpers) => {
        if (x === undefined) return
        const inputs = Array.from({ length: width }, (_, i) => {
          const local = fn.local('v128')
          fn.get(x)
          if (i !== which) fn.f32x4(i + 0.5).emit('f32x4.add')
          fn.set(local)
          return local
        })
        fn.get(f32x4Side[name]!(fn, inputs, helpers)[which]!)
      }, xs)
      expect(new Uint32Array(side.buffer)).toEqual(new Uint32Array(alone.buffer))
    }
  }
})

test('exp of what is not above 0 has the bits of exp, down to what is rounded to 0', () => {
  const bits = Uint32Array.from({ length: 1 << 18 }, (_, i) => (i % 4 === 0 ? random() * 2 ** 32 : 0x30000000 + random() * 0x13000000) | 0x80000000)
  const below = Float32Array.from(new Float32Array(bits.buffer), (x, i) => [0, -0, -Infinity, NaN, -103.97208, -103.97209, -87.33655, -87.33654][i] ?? x)
  const short = mapF32((fn, [x], helpers) => x && fn.get(f32x4ExpOfNonPositive(fn, [x], helpers)[0]!), below)
  const long = mapF32((fn, [x], helpers) => x && f32x4.exp(fn, x, helpers), below)
  expect(new Uint32Array(short.buffer)).toEqual(new Uint32Array(long.buffer))
})
