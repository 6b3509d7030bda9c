/** The error function, the gamma function, and what is made of them. */
import * as specialNumbers from '../backends/cpu/special.ts'
import { bring } from '../lowering/brought.ts'
import { erf as erf32, erfInv as erfInv32 } from '../lowering/wasm/math/f32x4/error-function.ts'
import { erf, erfc, erfInv } from '../lowering/wasm/math/f64x2/error-function.ts'
import { digamma, lgamma } from '../lowering/wasm/math/f64x2/gamma.ts'

export const bringSpecialFunctions = (): void =>
  bring({ specialNumbers, specialFormulas: { f32x4: { erf: erf32, erfInv: erfInv32 }, f64x2: { erf, erfc, erfInv, lgamma, digamma } } })
