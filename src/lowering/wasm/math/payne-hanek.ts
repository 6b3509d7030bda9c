// Reduction of large arguments modulo π/2 after Payne and Hanek (1983): only the bits of 2/π that matter are multiplied.
// Scalar, because it runs only where some lane is beyond the reach of Cody and Waite's reduction.

import { mapTuple } from '../../../core/map-tuple.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { Helpers } from './macro.ts'

// 1216 bits of 2/π behind a word of zeros
const twoOverPi = [
  0x0000000000000000n, 0xa2f9836e4e441529n, 0xfc2757d1f534ddc0n, 0xdb6295993c439041n, 0xfe5163abdebbc561n, 0xb7246e3a424dd2e0n, 0x06492eea09d1921cn,
  0xfe1deb1cb129a73en, 0xe88235f52ebb4484n, 0xe99c7026b45f7e41n, 0x3991d639835339f4n, 0x9c845f8bbdf9283bn, 0x1ff897ffde05980fn, 0xef2f118b5a0a6d1fn,
  0x6d367ecf27cb09b7n, 0x4f463f669e5fea2dn, 0x7527bac7ebe5f17bn, 0x3d0739f78a5292ean, 0x6bfb5fb11f8d5d08n, 0x56033046fc7b6babn,
]

// 2^27 + 1: x·this - (x·this - x) is the upper half of x
const splitMagic = 134217729

/** (i: i32) -> i64: word i of the table. Code, not data, so that no memory has to be found for it. */
export const emitTwoOverPiWord = (fn: FunctionBuilder): void => {
  const from = (index: number, labels: Parameters<FunctionBuilder['brTable']>[0]): void => {
    if (index === twoOverPi.length) {
      const last = labels.at(-1)
      fn.get(fn.param(0))
      if (last) fn.brTable(labels, last)
      return
    }
    fn.block((label) => from(index + 1, [label, ...labels])) // the innermost block belongs to word 0
    const word = twoOverPi[twoOverPi.length - 1 - index] ?? 0n
    fn.i64(word)
    if (index > 0) fn.return()
  }
  from(0, [])
}

/** (a: i64, b: i64) -> i64: the upper half of the unsigned product of 128 bits. */
export const emitMultiplyHigh = (fn: FunctionBuilder): void => {
  const [a, b] = [fn.param(0), fn.param(1)]
  const mask = 0xffffffffn
  const middle = fn.local('i64', 'middle')
  const low = (x: Local): void => void fn.get(x).i64(mask).emit('i64.and')
  const high = (x: Local): void => void fn.get(x).i64(32n).emit('i64.shr_u')
  // middle = high(a) low(b) + (low(a) low(b) >> 32): fits, as (2^32 - 1)² + 2^32 - 1 < 2^64
  high(a)
  low(b)
  fn.emit('i64.mul')
  low(a)
  low(b)
  fn.emit('i64.mul').i64(32n).emit('i64.shr_u').emit('i64.add').set(middle)
  high(a)
  high(b)
  fn.emit('i64.mul')
  high(middle)
  fn.emit('i64.add')
  low(a)
  high(b)
  fn.emit('i64.mul').get(middle).i64(mask).emit('i64.and').emit('i64.add').i64(32n).emit('i64.shr_u').emit('i64.add')
}

/**
 * (x: f64) -> (high: f64, low: f64, quadrant: i64) for finite |x| >= 2^20:
 * x = (quadrant + 4j) π/2 + high + low, |high| <= π/4.
 */
export const emitReduceLarge = (fn: FunctionBuilder, helpers: Helpers): void => {
  const x = fn.param(0)
  const word = helpers.require('twoOverPiWord')
  const multiplyHigh = helpers.require('multiplyHigh')
  const i64 = (name: string): Local => fn.local('i64', name)
  const f64 = (name: string): Local => fn.local('f64', name)
  const [bits, m, shift, w0, w1, w2, w3, r0, r1, r2, quadrant, negative] =
    mapTuple(['bits', 'm', 'shift', 'w0', 'w1', 'w2', 'w3', 'r0', 'r1', 'r2', 'quadrant', 'negative'], i64)
  const index = fn.local('i32', 'index')

  // x = m 2^e, bit position t = e + 62 of the table has weight 2 in the product
  fn.get(x).emit('i64.reinterpret_f64').tee(bits)
  fn.i64(0xfffffffffffffn).emit('i64.and').i64(0x10000000000000n).emit('i64.or').set(m)
  fn.get(bits).i64(52n).emit('i64.shr_u').i64(0x7ffn).emit('i64.and').i64(1075n - 62n).emit('i64.sub').tee(shift)
  fn.i64(6n).emit('i64.shr_u').emit('i32.wrap_i64').set(index)
  fn.get(shift).i64(63n).emit('i64.and').set(shift)
  ;[w0, w1, w2, w3].forEach((w, i) => fn.get(index).i32(i).emit('i32.add').call(word).set(w))
  const align = (target: Local, next: Local): void => {
    fn.get(target).get(shift).emit('i64.shl')
    fn.get(next).i64(1n).emit('i64.shr_u').i64(63n).get(shift).emit('i64.sub').emit('i64.shr_u').emit('i64.or').set(target)
  }
  align(w0, w1)
  align(w1, w2)
  align(w2, w3)

  // r0 r1 r2 = m (w0 w1 w2) mod 2^192: two bits of quadrant, then the fraction
  fn.get(m).get(w2).emit('i64.mul').set(r2)
  fn.get(m).get(w2).call(multiplyHigh).set(w3)
  fn.get(m).get(w1).emit('i64.mul').get(w3).emit('i64.add').set(r1)
  fn.get(m).get(w0).emit('i64.mul').get(m).get(w1).call(multiplyHigh).emit('i64.add')
  fn.get(r1).get(w3).emit('i64.lt_u').emit('i64.extend_i32_u').emit('i64.add').set(r0)
  fn.get(r0).i64(62n).emit('i64.shr_u').set(quadrant)
  const drop2 = (target: Local, next: Local): void => void fn.get(target).i64(2n).emit('i64.shl').get(next).i64(62n).emit('i64.shr_u').emit('i64.or').set(target)
  drop2(r0, r1)
  drop2(r1, r2)

  // to the nearest quadrant: a fraction of a half or more counts down from the next one
  fn.get(r0).i64(63n).emit('i64.shr_s').set(negative)
  fn.get(quadrant).get(negative).emit('i64.sub').set(quadrant)
  fn.get(r0).get(negative).emit('i64.xor').set(r0)
  fn.get(r1).get(negative).emit('i64.xor').set(r1)

  // the fraction as a sum of two doubles, in quarter turns
  const [a, b, high, low, head, tail] = mapTuple(['a', 'b', 'high', 'low', 'head', 'tail'], f64)
  fn.get(r0).i64(-2048n).emit('i64.and').emit('f64.convert_i64_u').f64(2 ** -64).emit('f64.mul').set(a)
  fn.get(r0).i64(2047n).emit('i64.and').emit('f64.convert_i64_u').f64(2 ** -64).emit('f64.mul')
  fn.get(r1).emit('f64.convert_i64_u').f64(2 ** -128).emit('f64.mul').emit('f64.add').set(b)
  fn.get(a).get(b).emit('f64.add').set(high)
  fn.get(a).get(high).emit('f64.sub').get(b).emit('f64.add').set(low)

  // times π/2 with Dekker's product: heads and tails have 26 bits each
  fn.get(high).f64(splitMagic).emit('f64.mul').tee(head).get(head).get(high).emit('f64.sub').emit('f64.sub').set(head)
  fn.get(high).get(head).emit('f64.sub').set(tail)
  fn.get(high).f64(Math.PI / 2).emit('f64.mul').set(a)
  // b = high · π/2 - a, exactly, and what `low` and the rest of π/2 add
  const piHead = splitMagic * (Math.PI / 2) - (splitMagic * (Math.PI / 2) - Math.PI / 2)
  const piTail = Math.PI / 2 - piHead
  fn.get(head).f64(piHead).emit('f64.mul').get(a).emit('f64.sub')
  fn.get(head).f64(piTail).emit('f64.mul').emit('f64.add')
  fn.get(tail).f64(piHead).emit('f64.mul').emit('f64.add')
  fn.get(tail).f64(piTail).emit('f64.mul').emit('f64.add')
  fn.get(high).f64(6.123233995736766e-17).emit('f64.mul').emit('f64.add')
  fn.get(low).f64(Math.PI / 2).emit('f64.mul').emit('f64.add').set(b)
  fn.get(a).get(b).emit('f64.add').set(high)
  fn.get(a).get(high).emit('f64.sub').get(b).emit('f64.add').set(low)

  // the sign of the fraction, then of x: -x has the opposite angle in the opposite quadrant
  const flipIf = (target: Local, condition: () => void): void => {
    fn.get(target).emit('f64.neg').get(target)
    condition()
    fn.select().set(target)
  }
  const fractionNegative = (): void => void fn.get(negative).emit('i32.wrap_i64')
  flipIf(high, fractionNegative)
  flipIf(low, fractionNegative)
  const isNegative = (): void => void fn.get(bits).i64(0n).emit('i64.lt_s')
  flipIf(high, isNegative)
  flipIf(low, isNegative)
  fn.i64(0n).get(quadrant).emit('i64.sub').get(quadrant)
  isNegative()
  fn.select().set(quadrant)
  fn.get(high).get(low).get(quadrant)
}

/** (x: v128) -> (high, low, quadrant: v128): both lanes of `reduceLarge`. */
export const emitReduceLargePair = (fn: FunctionBuilder, helpers: Helpers): void => {
  const scalar = helpers.require('reduceLarge')
  const vectors = [fn.local('v128', 'high'), fn.local('v128', 'low'), fn.local('v128', 'quadrant')] as const
  const [high, low, quadrant] = [fn.local('f64', 'h'), fn.local('f64', 'l'), fn.local('i64', 'q')]
  for (const lane of [0, 1]) {
    fn.get(fn.param(0)).lane('f64x2.extract_lane', lane).call(scalar).set(quadrant).set(low).set(high)
    fn.get(vectors[0]).get(high).lane('f64x2.replace_lane', lane).set(vectors[0])
    fn.get(vectors[1]).get(low).lane('f64x2.replace_lane', lane).set(vectors[1])
    fn.get(vectors[2]).get(quadrant).lane('i64x2.replace_lane', lane).set(vectors[2])
  }
  for (const vector of vectors) fn.get(vector)
}
