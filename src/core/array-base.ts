/** What tells an array from anything else, apart from `array.ts` so that the operations its methods call can ask. */
import type { NDArray } from './array.ts'

/** The root of the chain of classes that ends in `NDArray`, the only one to extend it. */
export abstract class ArrayBase {}

export const isArray = (x: unknown): x is NDArray => x instanceof ArrayBase
