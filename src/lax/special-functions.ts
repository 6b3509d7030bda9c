/** The functions whose formulas come with them: of the error function and of the gamma function. */
import type { Unary } from '../core/ops/index.ts'
import { bringSpecialFunctions } from '../families/special-functions.ts'
import * as elementwise from './elementwise.ts'

const bringing =
  (f: Unary): Unary =>
  (x) => {
    bringSpecialFunctions()
    return f(x)
  }

/** The derivative of lgamma; NaN at 0 and at negative integers. */
export const digamma: Unary = bringing(elementwise.digamma)
/** 2/√π ∫₀ˣ exp(-t²) dt. */
export const erf: Unary = bringing(elementwise.erf)
/** 1 - erf(x), exact where that is small. */
export const erfc: Unary = bringing(elementwise.erfc)
/** The number whose erf is x; ±inf at ±1, NaN beyond. */
export const erfInv: Unary = bringing(elementwise.erfInv)
/** log |Γ(x)|; inf at 0 and at negative integers. */
export const lgamma: Unary = bringing(elementwise.lgamma)
