/** Looking at what becomes of a function on its way to a machine. */
import { bytesOf, sameType, showType } from '../core/aval.ts'
import { show } from '../core/describe.ts'
import { ArgumentError, DtypeError, ShapeError, TreeError } from '../core/errors.ts'
import { within } from '../core/in-name-of.ts'
import type { Jaxpr } from '../core/jaxpr.ts'
import type { Out } from '../core/tree.ts'
import { type Abstract, withTypesAlone } from './abstract-arguments.ts'
import { type Flat, flattenValues, givenArgnums, paths, requireFunction } from './functions.ts'
import { type JitOptions, jit, programOf } from './jit.ts'
import { inputAvals, outputAvals } from './staging/jaxprs.ts'
import type { Args } from './types.ts'

/** What a program can be printed as: as traced, after the passes, as kernels, as WebAssembly, as shaders. */
export type Stage = 'jaxpr' | 'optimized' | 'kernels' | 'wat' | 'wgsl'
const stages: readonly Stage[] = ['jaxpr', 'optimized', 'kernels', 'wat', 'wgsl']

/** What the lowering tells of a program: handed in, since transformations do not know the lowering. */
interface LoweringTools {
  /** `donated`: positions of the inputs that a call gives away. */
  readonly text: (jaxpr: Jaxpr, stage: Stage, donated: ReadonlySet<number>) => string
  readonly analyse: (jaxpr: Jaxpr) => { readonly flops: number; readonly kernels: number; readonly arenaBytes: number }
}

export interface Compiled<A extends Args, R> {
  /**
   * Runs the program, on arguments of the types that it was lowered for.
   * @throws TreeError, ShapeError or DtypeError for others.
   */
  call(...args: A): Out<R>
  /** Arithmetic operations of one call, an elementwise function counted as one; and kernels launched, loops counted once. */
  costAnalysis(): { readonly flops: number; readonly kernels: number }
  /** Bytes that a call needs. */
  memoryAnalysis(): { readonly argumentBytes: number; readonly outputBytes: number; readonly temporaryBytes: number }
}

export interface Lowered<A extends Args, R> {
  readonly jaxpr: Jaxpr
  text(stage?: Stage): string
  compile(): Compiled<A, R>
}

const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)

/** Static arguments as they are, others with types in place of arrays where they say so. */
function typesOf({ staticArgnums = [] }: JitOptions, args: readonly unknown[]): readonly unknown[] {
  const statics = givenArgnums('lower', 'staticArgnums', staticArgnums, args.length)
  return args.map((a, i) => (statics.includes(i) ? a : withTypesAlone([a], 'lower')[0]))
}

/** The arguments that a program takes: those that are not static. */
function traced({ staticArgnums = [] }: JitOptions, args: readonly unknown[]): Flat {
  const statics = givenArgnums('lower', 'staticArgnums', staticArgnums, args.length)
  return flattenValues(args.filter((_, i) => !statics.includes(i)), 'lower')
}

/** What was compiled for some types does not compile anew for others without being asked. */
function requireSame(expected: Flat, got: Flat): void {
  if (expected.structure.key !== got.structure.key) {
    throw new TreeError('call', `this program was compiled for arguments of structure ${expected.structure.key}, and got ${got.structure.key}; lower the function for them`)
  }
  const i = got.values.findIndex((v, k) => !sameType(v.aval, expected.values[k]!.aval))
  if (i < 0) return
  const [had, has] = [expected.values[i]!.aval, got.values[i]!.aval]
  const text = `this program was compiled for argument ${paths(got.structure)[i]} of type ${showType(had)}, and got ${showType(has)}; lower the function for it`
  throw had.dtype === has.dtype ? new ShapeError('call', text) : new DtypeError('call', text)
}

/** `lower`, with what tells of programs. */
export function lowerWith<A extends Args, R>(tools: LoweringTools, f: (...a: A) => R, options: JitOptions = {}): (...a: A | Abstract<A>) => Lowered<A, R> {
  requireFunction('lower', f)
  const call = within('lower', () => jit(f, options))
  return (...given) => {
    const args = typesOf(options, given)
    const { jaxpr, donated } = programOf(f, options, args)
    const expected = traced(options, args)
    return {
      jaxpr,
      text: (stage = 'jaxpr') => {
        if (!stages.includes(stage)) throw new ArgumentError('lower', `there is no text of ${show(stage)}; the stages are ${stages.join(', ')}`)
        return tools.text(jaxpr, stage, donated)
      },
      compile: () => ({
        call: (...given) => {
          requireSame(expected, traced(options, given))
          return call(...given)
        },
        costAnalysis: () => {
          const { flops, kernels } = tools.analyse(jaxpr)
          return { flops, kernels }
        },
        memoryAnalysis: () => ({
          argumentBytes: sum(inputAvals(jaxpr).map(bytesOf)),
          outputBytes: sum(outputAvals(jaxpr).map(bytesOf)),
          temporaryBytes: tools.analyse(jaxpr).arenaBytes,
        }),
      }),
    }
  }
}
