/** Sorts. */
import { bring } from '../lowering/brought.ts'
import { bringRules } from '../lowering/fusion/rules/index.ts'
import { sortsLowering } from '../lowering/fusion/rules/sorts.ts'
import { emitSort } from '../lowering/wasm/sort/index.ts'

export function bringSorts(): void {
  bringRules(sortsLowering)
  bring({ emitSort })
}
