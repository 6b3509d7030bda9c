/**
 * Calls of the public interface as data: what a generated program is made of. One tree is both run and printed, so that
 * the text of a program cannot say anything else than what the program does.
 */
import { grad, hessian, jacfwd, jacrev, jit, jvp, lax, linearize, linearTranspose, type NDArray, nn, np, random, stopGradient, valueAndGrad, vjp, vmap } from '../../index.ts'

/** Plain values: what stands in options, shapes, axes and number operands. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [name: string]: Plain }

export type Expression =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'plain'; readonly value: Plain }
  /** A function of the public interface: `np.add`, `jit`. */
  | { readonly kind: 'public'; readonly path: string }
  | { readonly kind: 'call'; readonly callee: Expression; readonly operands: readonly Expression[] }
  /** `fixed`: printed as a tuple, where TypeScript would see an array of any length. */
  | { readonly kind: 'list'; readonly items: readonly Expression[]; readonly fixed?: boolean }
  | { readonly kind: 'item'; readonly of: Expression; readonly at: number }
  | { readonly kind: 'function'; readonly parameters: readonly Parameter[]; readonly body: Block }

/** One array, or a tuple of them that is taken apart. */
export type Parameter = string | readonly string[]

export interface Statement {
  /** The name of the value, or names of the arrays of a list. */
  readonly binds: string | readonly string[]
  readonly value: Expression
}

export interface Block {
  readonly statements: readonly Statement[]
  readonly result: Expression
}

export const name = (n: string): Expression => ({ kind: 'name', name: n })
export const plain = (value: Plain): Expression => ({ kind: 'plain', value })
export const list = (...items: readonly Expression[]): Expression => ({ kind: 'list', items })
export const item = (of: Expression, at: number): Expression => ({ kind: 'item', of, at })
export const fn = (path: string): Expression => ({ kind: 'public', path })
/** A call of a function of the public interface, or of what another call gave. */
export const call = (callee: string | Expression, ...operands: readonly Expression[]): Expression => ({ kind: 'call', callee: typeof callee === 'string' ? fn(callee) : callee, operands })

/** Everything that programs may name. */
const functions: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...Object.entries({ jit, vmap, grad, valueAndGrad, jvp, vjp, linearize, linearTranspose, jacfwd, jacrev, hessian, stopGradient }),
  ...Object.entries({ np, lax, nn, random }).flatMap(([space, names]) => Object.entries(names).map(([n, f]): [string, unknown] => [`${space}.${n}`, f])),
])

type Scope = ReadonlyMap<string, unknown>
type AnyCall = (...operands: readonly unknown[]) => unknown

/** The value of an expression where `scope` holds the values of names. */
export function evaluate(e: Expression, scope: Scope): unknown {
  switch (e.kind) {
    case 'name':
      return scope.get(e.name)
    case 'plain':
      return e.value
    case 'public':
      return functions.get(e.path)
    case 'call': {
      const callee = evaluate(e.callee, scope)
      if (typeof callee !== 'function') throw new TypeError(`${printExpression(e.callee)} is no function`)
      // What the trees call is checked when they are built: a call that does not fit throws the library's own error.
      return (callee as AnyCall)(...e.operands.map((o) => evaluate(o, scope)))
    }
    case 'list':
      return e.items.map((i) => evaluate(i, scope))
    case 'item':
      return itemOf(evaluate(e.of, scope), e.at)
    case 'function':
      return (...given: readonly unknown[]) => {
        const inner = new Map(scope)
        e.parameters.forEach((p, i) => bindTo(inner, p, given[i]))
        return run(e.body, inner)
      }
  }
}

/** Runs a block; the names it binds are added to `scope`. */
export function run(block: Block, scope: Map<string, unknown>): unknown {
  for (const s of block.statements) bindTo(scope, s.binds, evaluate(s.value, scope))
  return evaluate(block.result, scope)
}

function bindTo(scope: Map<string, unknown>, names: Parameter, value: unknown): void {
  if (typeof names === 'string') scope.set(names, value)
  else names.forEach((n, i) => scope.set(n, itemOf(value, i)))
}

function itemOf(value: unknown, at: number): unknown {
  if (!Array.isArray(value)) throw new TypeError('only lists have items')
  return value[at]
}

const isItems = (value: Plain): value is readonly Plain[] => Array.isArray(value)

function printPlain(value: Plain): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value)
  if (isItems(value)) return `[${value.map(printPlain).join(', ')}]`
  return `{ ${Object.entries(value).map(([k, v]) => `${k}: ${printPlain(v)}`).join(', ')} }`
}

const tuple = (names: readonly string[]): string => `[${names.join(', ')}]`
const printParameter = (p: Parameter): string => (typeof p === 'string' ? `${p}: NDArray` : `${tuple(p)}: readonly [${p.map(() => 'NDArray').join(', ')}]`)

/** An expression as TypeScript; `indent` is that of its line. */
export function printExpression(e: Expression, indent = ''): string {
  switch (e.kind) {
    case 'name':
      return e.name
    case 'plain':
      return printPlain(e.value)
    case 'public':
      return e.path
    case 'call':
      return `${printExpression(e.callee, indent)}(${e.operands.map((o) => printExpression(o, indent)).join(', ')})`
    case 'list':
      return `[${e.items.map((i) => printExpression(i, indent)).join(', ')}]${e.fixed === true ? ' as const' : ''}`
    case 'item':
      return `${printExpression(e.of, indent)}[${e.at}]`
    case 'function': {
      const head = `(${e.parameters.map(printParameter).join(', ')}) =>`
      return e.body.statements.length === 0 ? `${head} ${printExpression(e.body.result, indent)}` : `${head} {\n${printBlock(e.body, `${indent}  `)}\n${indent}}`
    }
  }
}

/** The lines of a block, its result returned. */
export function printBlock(block: Block, indent: string): string {
  // How long a list is the program knows and its type does not say.
  const bound = ({ binds }: Statement, value: string): string => (typeof binds === 'string' ? `const ${binds} = ${value}` : `const ${tuple(binds)} = ${value} as ${tuple(binds.map(() => 'NDArray'))}`)
  const lines = block.statements.map((s) => bound(s, printExpression(s.value, indent)))
  return [...lines, `return ${printExpression(block.result, indent)}`].map((l) => `${indent}${l}`).join('\n')
}

/** An expression and all that it is made of. */
export function* everyPart(e: Expression): Generator<Expression> {
  yield e
  for (const part of partsOf(e)) yield* everyPart(part)
}

function partsOf(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case 'name':
    case 'plain':
    case 'public':
      return []
    case 'call':
      return [e.callee, ...e.operands]
    case 'list':
      return e.items
    case 'item':
      return [e.of]
    case 'function':
      return [...e.body.statements.map((s) => s.value), e.body.result]
  }
}

/** An array of numbers, as a call that makes it. */
export const array = (values: Plain, dtype: NDArray['dtype']): Expression => call('np.array', plain(values), plain({ dtype }))
