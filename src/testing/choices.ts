/** Decisions read off a tape of numbers: how generated things are built so that they shrink. */
import fc from 'fast-check'

/**
 * Reads decisions off a tape, zeros after its end. A shorter tape, or one of smaller numbers, decides for what stands
 * first in each list: builders list the simplest first.
 */
export class Choices {
  readonly #tape: readonly number[]
  #next = 0
  constructor(tape: readonly number[]) {
    this.#tape = tape
  }
  /** 0 to n - 1. */
  below(n: number): number {
    return (this.#tape[this.#next++] ?? 0) % n
  }
  of<const L extends readonly [unknown, ...unknown[]]>(from: L): L[number]
  of<T>(from: readonly T[]): T | undefined
  of<T>(from: readonly T[]): T | undefined {
    return from[this.below(Math.max(1, from.length))]
  }
  /** False in the simplest case; true once in `n`. */
  oneIn(n: number): boolean {
    return this.below(n) === n - 1
  }
  some<T>(from: readonly T[]): T[] {
    return from.filter(() => this.below(2) === 1)
  }
  shuffled<T>(from: readonly T[]): T[] {
    const rest = [...from]
    return from.flatMap(() => rest.splice(this.below(rest.length), 1))
  }
  /** low to high, both included; low is the simplest. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }
}

/** Tapes of up to `length` decisions, each as likely as any other. */
export const tapes = (length: number): fc.Arbitrary<number[]> => fc.noBias(fc.array(fc.nat(0xffff), { maxLength: length, size: 'max' }))
