import { AssemblyError, type FunctionBuilder, type FunctionRef, type ModuleBuilder, type ValueType } from '../asm/index.ts'
import { f32x4Binary, f32x4Unary } from './f32x4/index.ts'
import { emitFmod } from './f64x2/remainder.ts'
import { f64x2Binary, f64x2Unary } from './f64x2/index.ts'
import { inlineBinary, inlineUnary, type BinaryFormula, type Helpers, type UnaryFormula } from './macro.ts'
import { emitMultiplyHigh, emitReduceLarge, emitReduceLargePair, emitTwoOverPiWord } from './payne-hanek.ts'

interface HelperDefinition {
  readonly params: readonly ValueType[]
  readonly results: readonly ValueType[]
  readonly emit: (fn: FunctionBuilder, helpers: Helpers) => void
}

const scalarHelpers: Readonly<Record<string, HelperDefinition>> = {
  fmod: { params: ['f64', 'f64'], results: ['f64'], emit: emitFmod },
  twoOverPiWord: { params: ['i32'], results: ['i64'], emit: emitTwoOverPiWord },
  multiplyHigh: { params: ['i64', 'i64'], results: ['i64'], emit: emitMultiplyHigh },
  reduceLarge: { params: ['f64'], results: ['f64', 'f64', 'i64'], emit: emitReduceLarge },
  reduceLargePair: { params: ['v128'], results: ['v128', 'v128', 'v128'], emit: emitReduceLargePair },
}

const unaryFormulas: Readonly<Record<string, Readonly<Record<string, UnaryFormula>>>> = { f32x4: f32x4Unary, f64x2: f64x2Unary }
const binaryFormulas: Readonly<Record<string, Readonly<Record<string, BinaryFormula>>>> = { f32x4: f32x4Binary, f64x2: f64x2Binary }

/** A scalar helper, or any function of the library as `f64x2.exp`: its formula as a function of vectors. */
const definition = (name: string): HelperDefinition => {
  const scalar = scalarHelpers[name]
  if (scalar) return scalar
  const [shape, fn = ''] = name.split('.')
  if (shape === 'f32x4' || shape === 'f64x2') {
    const unary = unaryFormulas[shape]?.[fn]
    if (unary) return { params: ['v128'], results: ['v128'], emit: (builder, helpers) => inlineUnary(shape, unary)(builder, builder.param(0), helpers) }
    const binary = binaryFormulas[shape]?.[fn]
    if (binary)
      return { params: ['v128', 'v128'], results: ['v128'], emit: (builder, helpers) => inlineBinary(shape, binary)(builder, builder.param(0), builder.param(1), helpers) }
  }
  throw new AssemblyError(`no helper is called ${name}`)
}

/**
 * The helper functions of one module: each is added when it is first required, under the name `math.` + its own.
 *
 * @example
 * const helpers = createHelpers(module)
 * f32x4.sin(fn, x, helpers) // inline; adds the reduction of large arguments to the module
 * fn.get(x).call(helpers.require('f64x2.lgamma'))
 */
export const createHelpers = (module: ModuleBuilder): Helpers => {
  const helpers: Helpers = {
    require: (name): FunctionRef => {
      const known = module.lookup(`math.${name}`)
      if (known) return known
      const { params, results, emit } = definition(name)
      const builder = module.function(`math.${name}`, params, results)
      emit(builder, helpers)
      return builder
    },
  }
  return helpers
}
