import { type NDArray, np } from 'pullback'
import { adam, applyUpdates, type GradientTransformation, momentum, sgd } from 'pullback/optimizers'
import { describe, test } from 'vitest'
import { held } from './devices.ts'
import { contraction, expectClose, type Fixed, load, onTyped, prepared, ways } from './load.ts'

type Dtype = 'float32' | 'float64'
interface Fixture {
  readonly A: number[][]
  readonly b: number[]
  readonly start: number[]
  readonly trajectories: Readonly<Record<keyof typeof optimizers, Readonly<Record<Dtype, Fixed>>>>
}

const optimizers = {
  sgd: sgd(0.1),
  momentum: momentum(0.1, 0.9),
  nesterov: momentum(0.1, 0.9, { nesterov: true }),
  adam: adam(0.1),
  adamOther: adam(0.05, { b1: 0.8, b2: 0.95, eps: 1e-4 }),
}
const fixture = load<Fixture>('optim.json')

/** Ten steps on 0.5 xᵀAx - bᵀx, stacked. */
function trajectory(optimizer: GradientTransformation, dtype: Dtype): NDArray {
  const a = np.array(fixture.A, { dtype })
  const b = np.array(fixture.b, { dtype })
  let x = np.array(fixture.start, { dtype })
  let state = optimizer.init(x)
  const steps: NDArray[] = []
  for (let i = 0; i < 10; i++) {
    const [updates, next] = optimizer.update(a.matmul(x).sub(b), state, x)
    state = next
    x = applyUpdates(x, updates)
    steps.push(x)
  }
  return np.stack(steps)
}

for (const way of ways) {
  const tried = held.some(Object.entries(optimizers) as [keyof typeof optimizers, GradientTransformation][])
  describe.runIf(tried.length > 0)(`ten steps are Optax’s, ${way.name}`, () => {
    for (const [name, optimizer] of tried) {
      for (const dtype of ['float32', 'float64'] as const) {
        test(`${name} ${dtype}`, () => onTyped(way, [dtype], () => expectClose(prepared(way, () => [trajectory(optimizer, dtype)])()[0]!, fixture.trajectories[name][dtype], contraction)))
      }
    }
  })
}
