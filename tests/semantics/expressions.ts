/** Reads the calls that `expressions.py` wrote, and holds values and derivatives to JAX's, on every device, eagerly and under jit. */
import { InternalError, jit, jvp, lax, type NDArray, nn, np, PullbackError, vjp } from 'pullback'
import { describe, expect, test } from 'vitest'
import { array, differences, elementwise, type Fixed, type FixedTree, leaves, load, on, type Tolerance, ways } from '../oracle/load.ts'
import { arraysOf } from './functions.ts'

type Expression =
  | null
  | number
  | boolean
  | string
  | { readonly arg: number }
  | { readonly special: string }
  | { readonly function: string }
  | { readonly call: string; readonly args: readonly Expression[]; readonly options?: Readonly<Record<string, Expression>> }
  /** Dimension numbers. */
  | { readonly record: Readonly<Record<string, Expression>> }
  | readonly Expression[]

interface Case {
  readonly name: string
  readonly expression: Expression
  readonly args: readonly Fixed[]
  /** None where JAX refuses the call. */
  readonly out?: FixedTree
  readonly refused?: true
  /** Not under jit: the result's shape depends on values. */
  readonly eager?: boolean
  /** The arguments that derivatives are taken of; the direction and the cotangents are 1, 2, 3 … */
  readonly wrt?: readonly number[]
  readonly forward?: FixedTree
  readonly reverse?: FixedTree
  readonly second?: FixedTree
}

type AnyFunction = (...args: readonly unknown[]) => unknown
// Functions by name: the fixtures' arguments are of the types that each of them takes.
const modules = { np, lax, nn } as unknown as Readonly<Record<string, Readonly<Record<string, AnyFunction>>>>

function functionNamed(name: string): AnyFunction {
  const [module, member] = name.split('.') as [string, string]
  if (module === 'slice') return (x, index) => (x as NDArray).slice(...(index as number[]))
  if (module === 'at') {
    return (x, index, ...values) => {
      const at = (x as NDArray).at(...(index as number[])) as unknown as Readonly<Record<string, AnyFunction>>
      return at[member]!.apply(at, values)
    }
  }
  const f = modules[module]?.[member]
  if (f === undefined) throw new Error(`there is no ${name}`)
  return f
}

function evaluate(e: Expression, xs: readonly NDArray[]): unknown {
  if (e === null || typeof e !== 'object') return e
  if ('arg' in e) return xs[e.arg]
  if ('special' in e) return Number(e.special)
  if ('function' in e) return functionNamed(e.function)
  if ('record' in e) return evaluateAll(e.record, xs)
  if ('call' in e) {
    const given = e.args.map((a) => evaluate(a, xs))
    const f = functionNamed(e.call)
    return e.options === undefined ? f(...given) : f(...given, evaluateAll(e.options, xs))
  }
  return e.map((a) => evaluate(a, xs))
}

const evaluateAll = (named: Readonly<Record<string, Expression>>, xs: readonly NDArray[]): Readonly<Record<string, unknown>> => Object.fromEntries(Object.entries(named).map(([k, v]) => [k, evaluate(v, xs)]))

type Program = (...xs: NDArray[]) => NDArray[]
const isFloat = (x: NDArray): boolean => x.dtype.includes('float')
/** 1, 2, 3 … */
const counting = (x: NDArray): NDArray => np.arange(1, x.size + 1).astype(x.dtype).reshape([...x.shape])

/** What a fixture says, and the program that computes it. */
function claims(c: Case): readonly (readonly [what: string, program: Program, expected: FixedTree | undefined])[] {
  const value: Program = (...xs) => arraysOf(evaluate(c.expression, xs)) ?? []
  const wrt = c.wrt ?? []
  const smooth =
    (xs: readonly NDArray[]): Program =>
    (...floats) =>
      value(...xs.map((x, i) => (wrt.includes(i) ? floats[wrt.indexOf(i)]! : x))).filter(isFloat)
  const forward: Program = (...xs) => {
    const at = wrt.map((i) => xs[i]!)
    return jvp(smooth(xs), at, at.map(counting))[1]
  }
  const reverse: Program = (...xs) => {
    const [out, pullback] = vjp(smooth(xs), wrt.map((i) => xs[i]!))
    return pullback(out.map(counting))
  }
  const second: Program = (...xs) => {
    const at = wrt.map((i) => xs[i]!)
    return jvp((...floats: NDArray[]) => reverse(...xs.map((x, i) => (wrt.includes(i) ? floats[wrt.indexOf(i)]! : x))), at, at.map(counting))[1]
  }
  return [
    ['the value', value, c.out],
    ['the derivative forwards', forward, c.forward],
    ['the derivative backwards', reverse, c.reverse],
    ['the second derivative', second, c.second],
  ]
}

interface Exactness {
  readonly tolerance?: Tolerance
  /** Whether -0 and 0 differ. */
  readonly signedZeros?: boolean
}

/** What a call did instead of being refused by an error of the library. */
function refusalOf(call: () => readonly NDArray[]): string | null {
  try {
    return `${call().map(String).join(', ')}, where JAX refuses`
  } catch (e) {
    return e instanceof PullbackError && !(e instanceof InternalError) ? null : `fails: ${String(e)}`
  }
}

/** The functions that a topic's fixture calls. */
export function functionsOf(topic: string): ReadonlySet<string> {
  const names = new Set<string>()
  const visit = (e: unknown): void => {
    if (typeof e !== 'object' || e === null) return
    if ('call' in e) names.add(String(e.call))
    for (const part of Object.values(e)) visit(part)
  }
  for (const cases of Object.values(load<Readonly<Record<string, readonly Case[]>>>(`../semantics/${topic}.json`))) for (const c of cases) visit(c.expression)
  return names
}

/** A test for each case of a group of `topic`'s fixture. */
export function agreesWithJax(title: string, topic: string, group: string, { tolerance = elementwise, signedZeros = false }: Exactness = {}): void {
  const fixture = load<Readonly<Record<string, readonly Case[]>>>(`../semantics/${topic}.json`)
  const cases = fixture[group]
  if (cases === undefined) throw new Error(`${topic}.json has no ${group}`)
  describe(title, () => {
    for (const c of cases) {
      test(c.name, () => {
        const wrong: string[] = []
        for (const way of ways) {
          if (way.jitted && c.eager === true) continue
          on(way, () => {
            for (const [what, program, expected] of claims(c)) {
              const run = way.jitted ? jit(program) : program
              if (c.refused === true) {
                const refusal = refusalOf(() => run(...c.args.map(array)))
                if (refusal !== null) wrong.push(`${way.name}: ${refusal}`)
                break
              }
              if (expected === undefined) continue
              const found = run(...c.args.map(array))
              const wanted = leaves(expected)
              if (found.length !== wanted.length) wrong.push(`${way.name}, ${what}: ${found.length} results, expected ${wanted.length}`)
              else found.forEach((x, i) => wrong.push(...differences(x, wanted[i]!, tolerance, signedZeros).map((d) => `${way.name}, ${what}: ${d}`)))
            }
          })
        }
        expect(wrong).toEqual([])
      })
    }
  })
}
