import type { FunctionBuilder, FunctionRef, Local } from '../asm/index.ts'
import { lanes, type Expr, type FloatShape, type Lanes } from './lanes.ts'

/** Functions that are emitted once a module and called by name. */
export interface Helpers {
  /** The helper of this name; its body is added to the module at the first request. */
  readonly require: (name: string) => FunctionRef
}

/** What a formula may use: the vocabulary of its shape, and the module's helpers. */
export interface Formula extends Lanes {
  readonly helpers: Helpers
}

export type UnaryFormula = (v: Formula, x: Expr) => Expr
export type BinaryFormula = (v: Formula, x: Expr, y: Expr) => Expr

/** Emits code that reads the local and leaves the result on the stack; the local is not changed. */
export type UnaryEmitter = (fn: FunctionBuilder, x: Local, helpers: Helpers) => void
export type BinaryEmitter = (fn: FunctionBuilder, x: Local, y: Local, helpers: Helpers) => void

/** The vocabulary for a formula inside `fn`. */
export const formula = (fn: FunctionBuilder, shape: FloatShape, helpers: Helpers, width = 1): Formula => ({ ...lanes(fn, shape, width), helpers })

/** Emits code for several arguments side by side; the locals that hold the results. */
export type SideEmitter = (fn: FunctionBuilder, xs: readonly Local[], helpers: Helpers) => readonly Local[]

/** A formula for several arguments side by side. It may only be made of what `Lanes` offers: no branches of its own. */
export const sideBySide = (shape: FloatShape, body: UnaryFormula): SideEmitter => (fn, xs, helpers) => {
  const results = xs.map(() => fn.local('v128'))
  fn.scope(() => {
    const v = formula(fn, shape, helpers, xs.length)
    v.computed(body(v, v.each(xs))).forEach((local, i) => fn.get(local).set(results[i]!))
  })
  return results
}

/** A formula as a macro; its locals are free again afterwards. */
export const inlineUnary = (shape: FloatShape, body: UnaryFormula): UnaryEmitter => (fn, x, helpers) => {
  fn.scope(() => {
    const v = formula(fn, shape, helpers)
    body(v, v.get(x))()
  })
}

export const inlineBinary = (shape: FloatShape, body: BinaryFormula): BinaryEmitter => (fn, x, y, helpers) => {
  fn.scope(() => {
    const v = formula(fn, shape, helpers)
    body(v, v.get(x), v.get(y))()
  })
}

/** Calls the helper of that name instead of repeating its body. */
export const calledUnary = (name: string): UnaryEmitter => (fn, x, helpers) => void fn.get(x).call(helpers.require(name))

export const calledBinary = (name: string): BinaryEmitter => (fn, x, y, helpers) => void fn.get(x).get(y).call(helpers.require(name))
