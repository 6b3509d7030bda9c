/** Special functions: those of the error function and of the gamma function. Apps that call none do not carry them. */
import { needed } from '../../brought.ts'
import type { FloatShape } from './lanes.ts'
import type { UnaryFormula } from './macro.ts'

export type SpecialName = 'erf' | 'erfc' | 'erfInv' | 'lgamma' | 'digamma'

/** What has no formula of its own for float32 is computed in float64. */
export interface SpecialFormulas {
  readonly f32x4: Readonly<Record<'erf' | 'erfInv', UnaryFormula>>
  readonly f64x2: Readonly<Record<SpecialName, UnaryFormula>>
}

/** The formula that is there when code is emitted: whoever binds the primitive has brought it. */
export const special = <S extends FloatShape>(shape: S, name: keyof SpecialFormulas[S]): UnaryFormula => {
  const formula = (): UnaryFormula => needed('specialFormulas')[shape][name] as UnaryFormula // all of them are
  return (v, x) => formula()(v, x)
}
