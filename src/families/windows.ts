/** Convolutions and windows. */
import { bring } from '../lowering/brought.ts'
import { bringRules } from '../lowering/fusion/rules/index.ts'
import { windowsLowering } from '../lowering/fusion/rules/windows.ts'
import { planWindows } from '../lowering/wasm/contraction/windows.ts'
import { emitWinograd } from '../lowering/wasm/contraction/winograd/index.ts'
import { emitDepthwise } from '../lowering/wasm/depthwise/index.ts'
import { emitPool } from '../lowering/wasm/pooling/index.ts'

export function bringWindows(): void {
  bringRules(windowsLowering)
  bring({ planWindows, emitWinograd, emitDepthwise, emitPool })
}
