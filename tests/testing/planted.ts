/** Functions whose values are right and whose derivatives are those of another function. */
import { lax, type NDArray } from 'pullback'

/** The values of `f` with the derivatives of `g`: g - stop(g) is zero, and its derivative is not. */
export const withDerivativeOf =
  <A extends readonly NDArray[]>(f: (...a: A) => NDArray, g: (...a: A) => NDArray): ((...a: A) => NDArray) =>
  (...a) => {
    const y = g(...a)
    return lax.stopGradient(f(...a)).add(y.sub(lax.stopGradient(y)))
  }
