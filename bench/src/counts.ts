/** Rows of what is counted, not timed: kernels of functions, and bytes of the modules that networks' steps compile to. */
import { lower, nn, np } from '../../src/index.ts'
import { compiling } from './compiling.ts'
import { array, convolutional, layerNorm, perceptron, recurrent, throughLoop } from './networks.ts'

export interface Count {
  readonly name: string
  readonly count: () => number
  readonly unit: 'kernels' | 'bytes'
  /** What it should be at most. */
  readonly goal?: number
}

/** Kernels of a function, by the text that shows them. */
const kernels = (name: string, f: (...xs: np.NDArray[]) => np.NDArray, ...shapes: readonly (readonly number[])[]): Count => ({
  name: `kernels of ${name}`,
  count: () => lower(f)(...shapes.map((shape) => np.zeros([...shape]))).text('kernels').split('\n').filter((line) => /^ *\d/.test(line)).length,
  unit: 'kernels',
  goal: 1,
})

/** Bytes of what the first call of a step compiles. */
const code = (name: string, make: () => () => unknown): Count => ({
  name: `module of ${name}`,
  count: () => {
    const step = make()
    return compiling(step).bytes
  },
  unit: 'bytes',
})

/** No row has this factor, so none has compiled the program. */
const loop = (length: number): Count =>
  code(`grad(scan), T = ${length.toLocaleString('en')}`, () => {
    const [f, w] = [throughLoop(array([length, 8], 1), 0.75), np.zeros([8, 8])]
    return () => f(w)
  })

const rows = [4096, 1000]
export const counts: readonly Count[] = [
  kernels('gelu', (x) => nn.gelu(x), rows), kernels('silu', (x) => nn.silu(x), rows),
  kernels('tanh(x@w+b)', (x, w, b) => np.tanh(x.matmul(w).add(b)), [128, 784], [784, 512], [512]),
  kernels('softmax of 4096 rows of 1000', (x) => nn.softmax(x), rows), kernels('layer norm of 4096 rows of 1000', (x) => layerNorm(x), rows),
  kernels('softmax of 1000 rows of 4096', (x) => nn.softmax(x), rows.toReversed()), kernels('layer norm of 1000 rows of 4096', (x) => layerNorm(x), rows.toReversed()),
  code("the MLP's step", () => perceptron(0.0102)), code("the CNN's step", () => convolutional(1.02e-3)), code("the LSTM's step", () => recurrent(1.02e-3)),
  ...[10, 100, 1000, 10_000].map(loop),
]
