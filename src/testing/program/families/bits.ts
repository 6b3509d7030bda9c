/** The bits of numbers read as numbers of other types: of the same width, of several narrower ones, of one wider. */
import type { DType } from '../../../index.ts'
import { call, type Expression, name, plain } from '../expression.ts'
import { type About, isFloat, isInt, type Scope, sizeOf, type Variable } from '../scope.ts'
import type { Maker } from './family.ts'

const widths: { readonly [dtype in DType]?: number } = { int32: 32, uint32: 32, int16: 16, uint16: 16, int8: 8, uint8: 8, float32: 32, float64: 64, float16: 16, bfloat16: 16 }
const widthOf = (dtype: DType): number => widths[dtype] ?? 0
const integer = (dtype: DType): boolean => isInt({ shape: [], dtype })
// The table's keys are dtypes.
const known = Object.keys(widths) as DType[]

/** Whole numbers of a width, and the floats that the program may hold, where they are read of whole numbers. */
const targets = (scope: Scope, from: DType, width: number): DType[] => known.filter((to) => to !== from && widthOf(to) === width && (integer(to) || (integer(from) && scope.draft.dtypes.includes(to))))

/**
 * The bits of `e`, which is `v` in another shape, as numbers of a type. Those that become a float have the second bit of each taken away, which in the
 * highest of them is the first of the exponent: so the float is finite, and below 2.
 */
function write(scope: Scope, v: Variable, e: Expression, to: DType): void {
  // Which of its many patterns a NaN has is for no backend to say.
  if (isFloat(v)) return void scope.bind(bitsOf(call('np.where', call('lax.isFinite', e), e, plain(0)), to), { nature: 'step' })
  if (integer(to)) return void scope.bind(bitsOf(e, to))
  const width = widthOf(v.dtype)
  const mask = (v.dtype.startsWith('u') ? 2 ** width : 0) - 1 - 2 ** (width - 2)
  scope.bind(bitsOf(call('lax.bitwiseAnd', e, plain(mask)), to), below2)
}
const bitsOf = (e: Expression, to: DType): Expression => call('lax.bitcastConvertType', e, plain(to))
const below2: About = { range: [-2, 2], exact: true }

/** As many bits, or a last axis of narrower numbers. */
export const parts: Maker = (scope) => {
  const v = scope.pick((w) => widthOf(w.dtype) > 0 && scope.allows('step', w))
  const to = v && scope.choices.of(targets(scope, v.dtype, widthOf(v.dtype) / scope.choices.of([1, 1, 2, 4] as const)))
  if (v !== undefined && to !== undefined) write(scope, v, name(v.name), to)
}

/** The last axis as the parts of wider numbers; of an array that has none such, made one. */
export const whole: Maker = (scope) => {
  const ratio = scope.choices.of([2, 4, 8] as const)
  const wider = (w: Variable): DType[] => (isInt(w) ? targets(scope, w.dtype, widthOf(w.dtype) * ratio) : [])
  const goes = (w: Variable): boolean => wider(w).length > 0 && sizeOf(w.shape) % ratio === 0
  const v = scope.pick((w) => goes(w) && w.shape.at(-1) === ratio) ?? scope.pick((w) => goes(w) && w.shape.length > 0)
  const to = v && scope.choices.of(wider(v))
  if (v === undefined || to === undefined) return
  write(scope, v, v.shape.at(-1) === ratio ? name(v.name) : call('np.reshape', name(v.name), plain([sizeOf(v.shape) / ratio, ratio])), to)
}
