import type { FunctionBuilder, Local, PlainName } from '../asm/index.ts'

export type PowerShape = 'f32x4' | 'f64x2' | 'i32x4'

/**
 * x^n for a constant integer n by repeated squaring, as JAX's `integer_pow`: 1 for n = 0, and for a negative n the reciprocal
 * of x^-n (floating shapes only).
 */
export const integerPower = (fn: FunctionBuilder, shape: PowerShape, x: Local, n: number): void => {
  const multiply: PlainName = `${shape}.mul`
  const one = (): void => void (shape === 'f32x4' ? fn.f32x4(1) : shape === 'f64x2' ? fn.f64x2(1) : fn.i32x4(1))
  if (n < 0 && shape !== 'i32x4') {
    one()
    integerPower(fn, shape, x, -n)
    fn.emit(`${shape}.div`)
    return
  }
  if (n <= 0) return one()
  fn.scope(() => {
    const base = fn.local('v128', 'base')
    fn.get(x).set(base)
    let factors = 0
    for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) {
        fn.get(base)
        if (factors++ > 0) fn.emit(multiply)
      }
      if (rest > 1) fn.get(base).get(base).emit(multiply).set(base)
    }
  })
}
