/** The lowering of every primitive: a hole does not compile. */
import type { Primitive, WindowFamilyParams } from '../../../core/primitives/index.ts'
import type { LoweringRules } from '../graph.ts'
import { contractionLowering } from './contraction.ts'
import { elementwiseLowering } from './elementwise.ts'
import { indexingLowering } from './indexing.ts'
import { randomLowering } from './random.ts'
import { reductionLowering } from './reduction.ts'
import { shapeLowering } from './shape.ts'

/** Primitives whose rules are brought by the functions that bind them (`src/families`). */
type Brought = keyof WindowFamilyParams | 'scan' | 'sort' | 'topK'

const present: LoweringRules<Exclude<Primitive, Brought>> & Partial<LoweringRules> = {
  ...elementwiseLowering,
  ...reductionLowering,
  ...shapeLowering,
  ...indexingLowering,
  ...contractionLowering,
  ...randomLowering,
  // a nested program is just code
  jit: (g, inputs, { jaxpr }) => g.run(jaxpr, inputs),
}

export const loweringRules: Partial<LoweringRules> = present

const brought = new Set<Partial<LoweringRules>>()
/** Once: what stands in the table afterwards stays. */
export function bringRules(rules: Partial<LoweringRules>): void {
  if (brought.has(rules)) return
  brought.add(rules)
  Object.assign(present, rules)
}
