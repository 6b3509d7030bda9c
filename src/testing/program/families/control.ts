/** Functions inside a program, and what is done with them: compiled, batched, differentiated, looped. */
import { array, call, type Expression, item, list, name, plain } from '../expression.ts'
import { type About, elementsByDefault, isFloat, same, type Scope, sameShape, sizeOf, type Variable } from '../scope.ts'
import { inShape } from './windows.ts'

/** Writes statements into a scope inside of this one. */
export type Body = (inner: Scope) => void
export type Nested = (scope: Scope, body: Body) => void

const anything = (): boolean => true

/** Up to three values in sight: what a function is called with. */
function operands(scope: Scope, fits: (v: Variable) => boolean = anything): Variable[] {
  const n = scope.choices.between(1, 3)
  return Array.from({ length: n }, () => scope.pick(fits)).filter((v) => v !== undefined)
}

interface Inner {
  readonly function: Expression
  readonly results: readonly Variable[]
}

/** What a body computes in a scope, newest first, and then what it was given. */
function written(inner: Scope, body: Body, given: readonly Variable[]): Variable[] {
  const before = inner.statements.length
  body(inner)
  const made = inner.statements.slice(before).flatMap((s) => (typeof s.binds === 'string' ? [s.binds] : s.binds))
  return [...inner.visible.filter((v) => made.includes(v.name)).reverse(), ...given]
}

/** A function of `parameters`, with what `results` chooses of its scope. */
function functionOf(scope: Scope, body: Body, parameters: readonly Variable[], results: (inner: Scope, own: readonly Variable[]) => { readonly result: Expression; readonly of: readonly Variable[] }, shown: readonly (string | readonly string[])[] = parameters.map((p) => p.name)): Inner {
  const inner = scope.inside(parameters, scope.choices.oneIn(2))
  const { result, of } = results(inner, written(inner, body, parameters))
  return { function: { kind: 'function', parameters: shown, body: { statements: inner.statements, result } }, results: of }
}

const parameterOf = (scope: Scope, v: Variable, shape: readonly number[] = v.shape): Variable => ({ ...v, name: scope.fresh(), shape })
const names = (vs: readonly Variable[]): Expression[] => vs.map((v) => name(v.name))

/** One result, or a list of several. */
const oneOrMore = (inner: Scope, own: readonly Variable[]): { readonly result: Expression; readonly of: readonly Variable[] } => {
  const fits = own.filter(anything)
  const of = inner.choices.oneIn(2) ? fits.slice(0, 2) : fits.slice(0, 1)
  return { result: of.length === 1 ? name(of[0]!.name) : list(...names(of)), of }
}

/** The body of a function in place of its call, where everything is in sight: what functions shrink to. It reads the decisions that `jitted` reads. */
const placed: Nested = (scope, body) => {
  const given = operands(scope)
  scope.choices.oneIn(2) // what it captures
  const inner = scope.inside(given, true, scope.statements)
  const before = scope.statements.length
  const { of } = oneOrMore(inner, written(inner, body, given))
  if (scope.statements.length > before) scope.visible.push(...of)
}

const jitted: Nested = (scope, body) => {
  const given = operands(scope)
  if (given.length === 0) return
  const f = functionOf(scope, body, given.map((v) => parameterOf(scope, v)), oneOrMore)
  scope.bind(call(call('jit', f.function), ...names(given)), ...f.results.map(same))
}

/** Maps over an axis that operands share; the others are not mapped. */
const mapped: Nested = (scope, body) => {
  const first = scope.pick((v) => v.shape.some((d) => d > 0))
  if (first === undefined) return
  const axis = first.shape.findIndex((d) => d > 0)
  const size = first.shape[axis] ?? 1
  const given = [first, ...operands(scope).slice(1)]
  const axes = given.map((v, i) => {
    const at = i === 0 ? axis : v.shape.lastIndexOf(size)
    return at < 0 || (i > 0 && scope.choices.oneIn(3)) ? null : at - (scope.choices.oneIn(3) ? v.shape.length : 0)
  })
  const parameters = given.map((v, i) => {
    const at = axes[i] ?? null
    const place = at === null ? -1 : at < 0 ? at + v.shape.length : at
    return parameterOf(scope, v, v.shape.filter((_, k) => k !== place))
  })
  const f = functionOf(scope, body, parameters, oneOrMore)
  const outAxes = f.results.every((v) => v.shape.length > 0) && scope.choices.oneIn(3) ? [plain(scope.choices.of([1, -1] as const))] : []
  scope.bind(call(call('vmap', f.function, plain(axes), ...outAxes), ...names(given)), ...f.results.map(same))
}

/** The sum of some float that a function computes. */
const total = (_: Scope, own: readonly Variable[]): { readonly result: Expression; readonly of: readonly Variable[] } => {
  const v = own.find(isFloat)!
  return { result: v.shape.length === 0 ? name(v.name) : call('np.sum', name(v.name)), of: [v] }
}
const oneFloat = (_: Scope, own: readonly Variable[]): { readonly result: Expression; readonly of: readonly Variable[] } => {
  const v = own.find(isFloat)!
  return { result: name(v.name), of: [v] }
}

/** A float to differentiate by, and other operands. */
function differentiable(scope: Scope): Variable[] | null {
  const x = scope.float()
  return x === undefined ? null : [x, ...operands(scope).slice(1)]
}

const gradient: Nested = (scope, body) => {
  const given = differentiable(scope)
  if (given === null) return
  const f = functionOf(scope, body, given.map((v) => parameterOf(scope, v)), total)
  const kind = scope.choices.below(5)
  if (kind === 3 && sizeOf(given[0]!.shape) <= 3) return void scope.bind(call(call('hessian', f.function), ...names(given)))
  if (kind === 2) return void scope.bind(call(call('valueAndGrad', f.function), ...names(given)))
  const floats = given.flatMap((v, i) => (isFloat(v) ? [i] : []))
  if (kind === 1) return void scope.bind(call(call('grad', f.function, plain({ argnums: floats })), ...names(given)))
  scope.bind(call(call('grad', f.function), ...names(given)))
}

/** Derivatives along a direction and back, of a function of one float. */
const directional: Nested = (scope, body) => {
  const x = scope.float()
  if (x === undefined) return
  const f = functionOf(scope, body, [parameterOf(scope, x)], oneFloat)
  const y = f.results[0]!
  const direction = scope.choices.oneIn(2) ? (scope.pick((v) => v.dtype === x.dtype && sameShape(v.shape, x.shape)) ?? x) : x
  const point = list(name(x.name))
  switch (scope.choices.below(4)) {
    case 0:
      return void scope.bind(call('jvp', f.function, point, list(name(direction.name))), same(y), {})
    case 1:
      return void scope.bind(call(item(call('linearize', f.function, point), 1), name(direction.name)))
    case 2: {
      const ct = scope.pick((v) => v.dtype === y.dtype && sameShape(v.shape, y.shape))
      const cotangent = ct === undefined ? call('np.ones', plain(y.shape), plain({ dtype: y.dtype })) : name(ct.name)
      return void scope.bind(item(call(item(call('vjp', f.function, point), 1), cotangent), 0))
    }
    default:
      // As many derivatives as elements.
      return void (sizeOf(x.shape) <= elementsByDefault && scope.bind(call(call(scope.choices.of(['jacfwd', 'jacrev'] as const), f.function), name(x.name))))
  }
}

/** Steps that are linear in x, which has the shape of `like`. */
const linearSteps: readonly ((scope: Scope, x: Expression, like: Variable) => Expression | null)[] = [
  (_, x) => call('lax.neg', x),
  (scope, x, like) => {
    const w = scope.pick((v) => v.dtype === like.dtype && sameShape(v.shape, like.shape))
    return call('np.multiply', x, w === undefined ? plain(0.5) : scope.within(w, -3, 3))
  },
  (_, x) => call('np.divide', x, plain(4)),
  (_, x, like) => (like.shape.length === 0 ? null : call('np.subtract', x, call('np.flip', x, plain(0)))),
  (_, x, like) => (like.shape.length === 0 ? null : call('np.subtract', x, call('np.sum', x, plain(0)))),
  (_, x, like) => (like.dtype === 'float16' || like.dtype === 'bfloat16' ? null : call('lax.convertElementType', call('lax.convertElementType', x, plain('float64')), plain(like.dtype))),
  (scope, x, like) => {
    const which = scope.pick((v) => v.dtype === 'bool' && sameShape(v.shape, like.shape))
    return which === undefined ? null : call('np.where', name(which.name), x, call('lax.neg', x))
  },
  (_, x, like) => {
    const [size = 0, ...rest] = like.shape
    if (size < 2) return null
    // The first row becomes the last one.
    const numbers = { updateWindowDims: rest.map((__, i) => i + 1), insertedWindowDims: [0], scatterDimsToOperandDims: [0] }
    return call('lax.scatter', x, call('np.reshape', array([size - 1], 'int32'), plain([1, 1])), call('lax.indexInDim', x, plain(0)), plain({ dimensionNumbers: numbers, uniqueIndices: true }))
  },
  (_, x, like) => (like.shape.length === 0 ? null : call('np.cumsum', x, plain(-1))),
]

/** The transpose of a linear function, applied to a cotangent. */
const transposed: Nested = (scope) => {
  const v = scope.float()
  if (v === undefined) return
  const x = parameterOf(scope, v)
  let body = name(x.name)
  const steps = scope.choices.between(1, 3)
  for (let i = 0; i < steps; i++) body = scope.choices.of(linearSteps)?.(scope, body, v) ?? body
  const ct = scope.pick((w) => w.dtype === v.dtype && sameShape(w.shape, v.shape)) ?? v
  scope.bind(item(call(call('linearTranspose', { kind: 'function', parameters: [x.name], body: { statements: [], result: body } }, list(name(v.name))), name(ct.name)), 0))
}

/** The carry comes back as it went in; what the body computes becomes ys. */
const loop: Nested = (scope, body) => {
  const carry = scope.pick(anything)
  const counter = scope.choices.oneIn(2) ? scope.pick(anything) : undefined
  const xs = scope.pick((v) => v.shape.length > 0 && (v.shape[0] ?? 0) <= 5)
  if (carry === undefined) return
  const carries = counter === undefined ? [carry] : [carry, counter]
  // After some rounds nothing is known of a float's range, nor of how it was rounded.
  const held = carries.map((v): Variable => ({ ...parameterOf(scope, v), low: -Infinity, high: Infinity, exact: !isFloat(v) }))
  const x = xs === undefined ? [] : [parameterOf(scope, xs, xs.shape.slice(1))]
  const shown = [held.length === 1 ? held[0]!.name : held.map((v) => v.name), ...x.map((v) => v.name)]
  const f = functionOf(
    scope,
    body,
    [...held, ...x],
    (_, own) => {
      const next = held.map((h) => own.find((v) => v.dtype === h.dtype && sameShape(v.shape, h.shape)) ?? h)
      const y = own.find(anything) ?? next[0]!
      const carried = next.length === 1 ? name(next[0]!.name) : list(...names(next))
      return { result: list(carried, name(y.name)), of: [y] }
    },
    shown,
  )
  const options: Record<string, boolean | number> = {}
  if (xs === undefined) options['length'] = scope.choices.between(1, 4)
  if (scope.choices.oneIn(3)) options['reverse'] = true
  const start: Expression = carries.length === 1 ? name(carries[0]!.name) : { kind: 'list', items: names(carries), fixed: true }
  const looped = call('lax.scan', f.function, start, xs === undefined ? plain(null) : name(xs.name), ...(Object.keys(options).length > 0 ? [plain(options)] : []))
  const ys = f.results[0]!
  const unknown: About = {}
  if (carries.length === 1) scope.bind(looped, unknown, same(ys))
  else if (scope.choices.oneIn(2)) scope.bind(item(looped, 0), unknown)
  else scope.bind(item(looped, 1), same(ys))
}

/** An expression whose shape is known. */
interface Shaped {
  readonly e: Expression
  readonly shape: readonly number[]
}
const reduced = (scope: Scope, { e, shape: [first = 1, ...rest] }: Shaped): Shaped => {
  const f = scope.choices.of(scope.draft.onlySmooth ? (['np.sum', 'np.prod'] as const) : (['np.sum', 'np.prod', 'np.max', 'np.min', 'np.prod', 'np.max', 'np.min'] as const))
  if (f === 'np.max' || f === 'np.min') scope.note('kink')
  if (rest.length > 0 && first <= 8) return { e: call(f, e, plain(0)), shape: rest }
  return { e: call(f, call('np.stack', list(e, call('np.flip', e, plain(0))), plain(0)), plain(0)), shape: [first, ...rest] }
}

/** What may stand between a loop's x and a product: each leaves an array of rank 1 or more, of twice as many elements at most. */
const beforeProducts: readonly ((scope: Scope, x: Shaped) => Shaped)[] = [
  (_, { e, shape }) => ({ e: call('np.sin', e), shape }),
  (_, { e, shape }) => ({ e: call('np.transpose', e), shape: [...shape].reverse() }),
  (_, { e, shape }) => ({ e: call('np.ravel', e), shape: [sizeOf(shape)] }),
  (_, { e, shape }) => ({ e: call('np.flip', e, plain(0)), shape }),
  (_, { e, shape: [first = 1, ...rest] }) => ({ e: call('lax.slice', e, plain([first > 1 ? 1 : 0, ...rest.map(() => 0)]), plain([first, ...rest])), shape: [Math.max(1, first - 1), ...rest] }),
  (_, { e, shape: [first = 1, ...rest] }) => ({ e: call('lax.pad', e, plain(0), plain([[1, 0, 0], ...rest.map(() => [0, 0, 0])])), shape: [first + 1, ...rest] }),
  (_, { e, shape: [first = 1, ...rest] }) => ({ e: call('np.concatenate', list(e, e), plain(0)), shape: [2 * first, ...rest] }),
  (_, { e, shape }) => ({ e: call('np.broadcastTo', e, plain([2, ...shape])), shape: [2, ...shape] }),
  reduced,
  reduced,
  reduced,
]

/** A loop as recurrent networks have it: products of every x and of the carry with weights, some of which can be done before the loop, or after it. */
const recurrent: Nested = (scope) => {
  const xs = scope.pick((v) => isFloat(v) && v.shape.length >= 2 && (v.shape[0] ?? 0) >= 2 && (v.shape[0] ?? 0) <= 8 && sizeOf(v.shape) > 0 && sizeOf(v.shape) <= 4 * elementsByDefault)
  if (xs === undefined) return
  const fits = (v: Variable): boolean => v.dtype === xs.dtype && sizeOf(v.shape) > 0
  const start = scope.pick((v) => fits(v) && v.shape.length === 1 && sizeOf(v.shape) <= 8)
  const weights = scope.pick(fits) ?? xs
  const width = start?.shape[0] ?? 3
  const [h, x] = [scope.fresh(), scope.fresh()]
  let seen: Shaped = { e: name(x), shape: xs.shape.slice(1) }
  for (let i = scope.choices.between(1, 4); i > 0; i--) {
    const next = scope.choices.of(beforeProducts)?.(scope, seen)
    if (next !== undefined && sizeOf(next.shape) <= 2 * elementsByDefault && next.shape.length <= 4) seen = next
  }
  // Bounded, so that whatever stands before them products do not grow from step to step.
  const row = call('np.reshape', call('np.tanh', seen.e), plain([sizeOf(seen.shape)]))
  const matrix = (rows: number): Expression => inShape(scope.within(weights, -10, 10), weights, [rows, width])
  const product = call('np.matmul', row, matrix(sizeOf(seen.shape)))
  const next = [
    call('np.tanh', call('np.add', name(h), product)),
    call('np.add', name(h), product),
    call('np.tanh', call('np.add', call('np.matmul', name(h), matrix(width)), product)),
  ][scope.choices.below(3)]!
  const carried = scope.fresh()
  const y = scope.choices.of([name(carried), call('np.matmul', call('np.tanh', name(carried)), matrix(width)), product])
  const step: Expression = { kind: 'function', parameters: [h, x], body: { statements: [{ binds: carried, value: next }], result: list(name(carried), y) } }
  scope.bind(call('lax.scan', step, start === undefined ? call('np.zeros', plain([width]), plain({ dtype: xs.dtype })) : name(start.name), name(xs.name)), {}, {})
}

/** The simplest first. */
export const control: readonly Nested[] = [placed, jitted, mapped, gradient, loop, directional, mapped, loop, transposed, recurrent, transposed, recurrent]
