import type { FunctionBuilder, Local } from '../../asm/index.ts'
import type { BinaryFormula } from '../macro.ts'

/**
 * (x: f64, y: f64) -> f64: C's fmod, exact: x - n y with n = trunc(x / y). Long division in binary on the mantissas, eleven
 * bits of quotient a step. NaN for y = 0 and infinite x; x for infinite y.
 */
export const emitFmod = (fn: FunctionBuilder): void => {
  const [x, y] = [fn.param(0), fn.param(1)]
  const [a, b] = [fn.local('f64', 'a'), fn.local('f64', 'b')]
  const [ma, mb] = [fn.local('i64', 'ma'), fn.local('i64', 'mb')]
  const [shift, step, exponent] = [fn.local('i32', 'shift'), fn.local('i32', 'step'), fn.local('i32', 'exponent')]
  fn.get(x).emit('f64.abs').set(a)
  fn.get(y).emit('f64.abs').set(b)
  // NaN in, infinite x or y = 0
  fn.get(a).f64(Infinity).emit('f64.lt').get(b).f64(0).emit('f64.gt').emit('i32.and').emit('i32.eqz')
  fn.if(() => void fn.f64(NaN).return())
  fn.get(a).get(b).emit('f64.lt').if(() => void fn.get(x).return())
  // value = mantissa 2^(exponent); subnormal numbers have the exponent of the smallest normal one
  const split = (value: Local, mantissa: Local): void => {
    fn.get(value).emit('i64.reinterpret_f64').tee(mantissa).i64(52n).emit('i64.shr_u').emit('i32.wrap_i64').tee(exponent)
    fn.if(
      () => void fn.get(mantissa).i64(0xfffffffffffffn).emit('i64.and').i64(0x10000000000000n).emit('i64.or').set(mantissa),
      () => void fn.i32(1).set(exponent),
    )
  }
  split(a, ma)
  fn.get(exponent).set(shift)
  split(b, mb)
  fn.get(shift).get(exponent).emit('i32.sub').set(shift)
  fn.get(ma).get(mb).emit('i64.rem_u').set(ma)
  fn.block((done) => {
    fn.loop((head) => {
      fn.get(shift).emit('i32.eqz').brIf(done)
      fn.i32(11).get(shift).get(shift).i32(11).emit('i32.gt_s').select().set(step)
      fn.get(ma).get(step).emit('i64.extend_i32_u').emit('i64.shl').get(mb).emit('i64.rem_u').set(ma)
      fn.get(shift).get(step).emit('i32.sub').set(shift).br(head)
    })
  })
  // ma 2^(exponent - 1075), exact: first as a multiple of the smallest number, then two powers of two that reach 2^2045
  const power = (): void => void fn.emit('i64.extend_i32_u').i64(1023n).emit('i64.add').i64(52n).emit('i64.shl').emit('f64.reinterpret_i64').emit('f64.mul')
  fn.get(exponent).i32(1).emit('i32.sub').tee(exponent).i32(1).emit('i32.shr_u').set(step)
  fn.get(ma).emit('f64.convert_i64_u').f64(2 ** -1074).emit('f64.mul').get(step)
  power()
  fn.get(exponent).get(step).emit('i32.sub')
  power()
  fn.get(x).emit('f64.copysign')
}

/** C's fmod, lane by lane through the scalar helper. */
export const rem: BinaryFormula = (v, x, y) => {
  const { fn } = v
  const target = v.helpers.require('fmod')
  return () => {
    const lane = (index: number): void => {
      x()
      fn.lane('f64x2.extract_lane', index)
      y()
      fn.lane('f64x2.extract_lane', index).call(target)
    }
    lane(0)
    fn.emit('f64x2.splat')
    lane(1)
    fn.lane('f64x2.replace_lane', 1)
  }
}
