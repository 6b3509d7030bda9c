/** The optimizers of a first course. All scale by a learning rate: a number, or a schedule of the step count. */
import { ArgumentError, NDArray, np } from '../index.ts'
import { type GradientTransformation, mapLeaves, requireLike, requireState, transformation } from './transformation.ts'

/** A learning rate, or a function of the step (int32 scalar, 0 at the first update). */
export type LearningRate = number | ((step: NDArray) => NDArray)

const zerosLike = (params: unknown): unknown => mapLeaves((p) => np.zerosLike(p), params)
const stepZero = (): NDArray => np.array(0, { dtype: 'int32' })

function checkRate(operation: string, rate: LearningRate): void {
  if (typeof rate !== 'function' && !(typeof rate === 'number' && rate >= 0)) throw new ArgumentError(operation, `the learning rate is ${describe(rate)}; takes a number >= 0, or a schedule: a function of the step`)
}

function checkNumber(operation: string, name: string, x: number): void {
  if (typeof x !== 'number' || Number.isNaN(x)) throw new ArgumentError(operation, `${name} is ${describe(x)}; takes a number`)
}

function describe(x: unknown): string {
  if (x instanceof NDArray) return `${x.dtype}[${x.shape.join(',')}]`
  return typeof x === 'number' || typeof x === 'boolean' || x === null || x === undefined ? String(x) : typeof x === 'string' ? `'${x}'` : Array.isArray(x) ? 'a list' : `of type ${typeof x}`
}

function checkOptions<O extends object>(operation: string, options: O, known: readonly (keyof O & string)[]): void {
  const given: unknown = options
  if (typeof given !== 'object' || given === null || Array.isArray(given) || given instanceof NDArray) throw new ArgumentError(operation, `got ${describe(given)} in place of options; known options: ${known.join(', ')}`)
  const unknown = Reflect.ownKeys(given).filter((name) => !known.some((k) => k === name))
  if (unknown.length > 0) throw new ArgumentError(operation, `unknown option '${unknown.map(String).join(', ')}'; known options: ${known.join(', ')}`)
}

// A plain number stays one, so that it takes the precision of what it meets.
const negative = (rate: LearningRate, step: NDArray): NDArray | number => (typeof rate === 'number' ? -rate : np.negative(rate(step)))

/** Leaf by leaf -rate · d, in the dtype of d: a schedule's is not to widen it. */
function descend(directions: unknown, rate: LearningRate, step: NDArray): unknown {
  const size = negative(rate, step)
  return mapLeaves((d) => d.mul(typeof size === 'number' ? size : size.astype(d.dtype)), directions)
}

/** Gradient descent: -rate · g. */
export function sgd(rate: LearningRate): GradientTransformation {
  checkRate('sgd', rate)
  return transformation<{ step: NDArray }>({
    init: () => ({ step: stepZero() }),
    update(grads, state) {
      requireState('sgd', state, ['step'])
      return [descend(grads, rate, state.step), { step: state.step.add(1) }]
    },
  })
}

export interface MomentumOptions {
  /** Nesterov's accelerated gradient. */
  readonly nesterov?: boolean
}

/**
 * Gradient descent with momentum: v = mass · v + g; -rate · v (Nesterov: -rate · (mass · v + g)). Sutskever et al. 2013,
 * in Optax's form (`trace`).
 */
export function momentum(rate: LearningRate, mass: number, options: MomentumOptions = {}): GradientTransformation {
  checkOptions('momentum', options, ['nesterov'])
  const { nesterov = false } = options
  checkRate('momentum', rate)
  checkNumber('momentum', 'mass', mass)
  if (typeof nesterov !== 'boolean') throw new ArgumentError('momentum', `nesterov is ${describe(nesterov)}; takes true or false`)
  return transformation<{ step: NDArray; velocity: unknown }>({
    init: (params) => ({ step: stepZero(), velocity: zerosLike(params) }),
    update(grads, state) {
      requireState('momentum', state, ['step', 'velocity'])
      const { step, velocity } = state
      requireLike('the gradients', grads, 'momentum was set up for', velocity)
      const next = mapLeaves((v, g) => v.mul(mass).add(g), velocity, grads)
      const direction = nesterov ? mapLeaves((v, g) => v.mul(mass).add(g), next, grads) : next
      return [descend(direction, rate, step), { step: step.add(1), velocity: next }]
    },
  })
}

export interface AdamOptions {
  readonly b1?: number
  readonly b2?: number
  readonly eps?: number
}

/**
 * Adam (Kingma & Ba 2015): m and v are decaying means of g and g², corrected for their start at zero;
 * -rate · m̂ / (√v̂ + eps). State { step, m, v }.
 */
export function adam(rate: LearningRate, options: AdamOptions = {}): GradientTransformation {
  checkOptions('adam', options, ['b1', 'b2', 'eps'])
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8 } = options
  checkRate('adam', rate)
  for (const [name, x] of Object.entries({ b1, b2, eps })) checkNumber('adam', name, x)
  return transformation<{ step: NDArray; m: unknown; v: unknown }>({
    init: (params) => ({ step: stepZero(), m: zerosLike(params), v: zerosLike(params) }),
    update(grads, state) {
      requireState('adam', state, ['step', 'm', 'v'])
      requireLike('the gradients', grads, 'adam was set up for', state.m)
      const count = state.step.add(1)
      const m = mapLeaves((m0, g) => m0.mul(b1).add(g.mul(1 - b1)), state.m, grads)
      const v = mapLeaves((v0, g) => v0.mul(b2).add(g.mul(g).mul(1 - b2)), state.v, grads)
      // Scalars of the step, in float64 for leaves that are, else in float32: narrower types cannot hold 1 - b2.
      const scalars = (dtype: 'float32' | 'float64'): { size: NDArray; correction: NDArray } => {
        const t = count.astype(dtype)
        return { size: np.divide(negative(rate, state.step), np.subtract(1, np.power(b1, t))), correction: np.subtract(1, np.power(b2, t)) }
      }
      const single = scalars('float32')
      const updates = mapLeaves(
        (mi, vi) => {
          const { size, correction } = mi.dtype === 'float64' ? scalars('float64') : single
          return mi.mul(size.astype(mi.dtype)).div(np.sqrt(vi.div(correction.astype(vi.dtype))).add(eps))
        },
        m,
        v,
      )
      return [updates, { step: count, m, v }]
    },
  })
}
