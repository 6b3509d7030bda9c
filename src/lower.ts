/** `lower`: the one user's function that needs the lowering by name. An app that does not call it does not carry the printers. */
import { analyseProgram, loweringText } from './lowering/index.ts'
import { type Abstract, type Args, type JitOptions, type Lowered, lowerWith } from './transforms/index.ts'

/**
 * Traces a function as `jit` does, and shows its program.
 *
 * @example
 * lower((x: np.NDArray) => np.tanh(x.add(1)))(np.zeros([8])).text('kernels')
 */
export function lower<A extends Args, R>(f: (...a: A) => R, options: JitOptions = {}): (...a: A | Abstract<A>) => Lowered<A, R> {
  return lowerWith({ text: loweringText, analyse: analyseProgram }, f, options)
}
