/** Types that the signatures of transformations share. */
import type { ArrayLike, Out } from '../core/tree.ts'

export type Args = readonly unknown[]
type Index<A extends Args> = number extends A['length'] ? number : { [K in keyof A]-?: K extends `${infer N extends number}` ? N : never }[number]
export type ArgnumsOf<A extends Args> = NoInfer<Index<A> | readonly Index<A>[]>
type Pick1<A extends Args, N> = N extends keyof A ? Out<Exclude<A[N], undefined>> : Out<A[number]>
/** The derivative with respect to one argument, or a tuple of those with respect to several. */
export type GradAt<A extends Args, N> = N extends readonly number[] ? { -readonly [K in keyof N]: Pick1<A, N[K]> } : Pick1<A, N>

export interface GradOptions<A extends Args, N, H> {
  /** Which arguments to differentiate with respect to; default 0. */
  readonly argnums?: N & ArgnumsOf<A>
  /** The function returns `[value, aux]`, and aux is handed through. */
  readonly hasAux?: H
}

/** A tree of derivatives for every leaf of the function's result. */
export type Jacobian<R, G> = R extends ArrayLike ? G : R extends null | undefined ? R : { -readonly [K in keyof R]: Jacobian<R[K], G> }
