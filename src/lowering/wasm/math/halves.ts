import type { FunctionBuilder, Local } from '../asm/index.ts'

export type Half = 'low' | 'high'

/** The vector, with lanes 2 and 3 moved to the front for its high half. */
export const lowAndHigh = (fn: FunctionBuilder, x: Local, half: Half): void => {
  fn.get(x)
  if (half === 'high') fn.get(x).shuffle32(2, 3, 2, 3)
}

/** Emits both halves, each leaving two 32-bit results in lanes 0 and 1, and joins them. */
export const joinHalvesOf = (fn: FunctionBuilder, body: (half: Half) => void): void => {
  body('low')
  body('high')
  fn.shuffle32(0, 1, 4, 5)
}
