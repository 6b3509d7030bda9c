/** What the page and its training worker say to each other. */
import type { Stage } from 'pullback'

export type Device = 'wasm' | 'webgpu'

export interface Settings {
  readonly device: Device
  readonly batch: number
}

export type Request =
  /** Begin, or go on where training stopped. */
  | { readonly kind: 'train'; readonly settings: Settings }
  | { readonly kind: 'stop' }
  /** Parameters as at first, on that device. */
  | { readonly kind: 'reset'; readonly settings: Settings }
  /** Which digit is this? 28 by 28 grey values. */
  | { readonly kind: 'read'; readonly pixels: Uint8Array }
  /** A test image of a digit; null: of any. */
  | { readonly kind: 'example'; readonly digit: number | null }
  /** One step of training as a text. */
  | { readonly kind: 'text'; readonly stage: Stage; readonly settings: Settings }

export interface Place {
  /** The page's server sends the headers that let threads share memory. */
  readonly isolated: boolean
  readonly threads: number
  /** The GPU, which may be one that computes on the processor after all; or what was tried, each with why it was refused. */
  readonly gpu: { readonly name: string; readonly software: boolean } | { readonly refused: readonly string[] }
}

export type Report =
  | { readonly kind: 'place'; readonly place: Place }
  /** What is going on, in words; busy: something takes its time. */
  | { readonly kind: 'status'; readonly text: string; readonly busy: boolean }
  | { readonly kind: 'step'; readonly step: number; readonly loss: number; readonly accuracy: number; readonly milliseconds: number; readonly images: number }
  | { readonly kind: 'tested'; readonly step: number; readonly accuracy: number }
  | { readonly kind: 'stopped'; readonly step: number }
  /** After a reset: whatever was said before is of another run. */
  | { readonly kind: 'fresh' }
  | { readonly kind: 'reading'; readonly probabilities: readonly number[]; readonly step: number }
  | { readonly kind: 'example'; readonly pixels: Uint8Array; readonly label: number }
  | { readonly kind: 'text'; readonly stage: Stage; readonly text: string }
  | { readonly kind: 'failed'; readonly message: string }
