/** A row of the bench: the same work for each library, and what it is measured against. */

/** A prepared run: does the work once and waits for it; `result` gives numbers to compare after one run. */
export interface Prepared {
  run(): void | Promise<void>
  /** Milliseconds of so many runs, where whoever runs them has the clock, or only a part of a run counts. */
  sample?(times: number): number | Promise<number>
  result(): Promise<ArrayLike<number>>
  /** What else there is to say of the runs. */
  detail?(): string
}

export type Library = 'pullback' | 'jax-js' | 'tfjs' | 'torch' | 'jax'

export interface Workload {
  readonly name: string
  /** Operations or bytes of one run, for the share of the ceiling; neither: only the time counts. */
  readonly flops?: number
  readonly bytes?: number
  /** The part of the peak that vectors of another type than float32 can reach, by their lanes. */
  readonly ofPeak?: number
  /** Difference allowed between the libraries' results, relative to `magnitude`, by default the greatest element. */
  readonly tolerance: number
  readonly magnitude?: number
  /** Runs in one sample, so that a sample is long enough to time. */
  readonly repeat: number
  /** Not runs, but what `once` measures: milliseconds. */
  readonly once?: () => number
  readonly libraries: { readonly [L in Library]?: () => Prepared | Promise<Prepared> }
}

/** The same pseudo-random numbers in [-0.5, 0.5) for everybody. */
export function numbers(n: number, seed: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(n)
  let s = (seed * 2654435761 + 12345) >>> 0
  for (let i = 0; i < n; i++) {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0
    out[i] = s / 2 ** 32 - 0.5
  }
  return out
}
