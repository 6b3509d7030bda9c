/** Reads jaxprs back from the text that `printJaxpr` writes. */
import { type Either, left, right } from '../fp/either.ts'
import { abstractEval } from './abstract-eval/index.ts'
import { type Aval, aval, showType } from './aval.ts'
import { jaxprProblems } from './check.ts'
import { type DType, dtypeInfo, dtypes } from './dtype.ts'
import { FormatError } from './errors.ts'
import { type Atom, type Eqn, eqn, type Jaxpr, Literal, Var } from './jaxpr.ts'
import type { Primitive } from './primitives/index.ts'
import { all, type Decoded, decodeParams, type Problems, Program } from './text/param-schema.ts'
import { type AtomNode, type BinderNode, type EquationNode, parseSyntax, ProgramNode, type RecordNode, type ValueNode } from './text/syntax.ts'
import { SyntaxProblem } from './text/tokens.ts'

/**
 * The program that a text describes: `parseJaxpr(printJaxpr(j))` equals `j` in structure.
 *
 * @example
 * parseJaxpr('{ lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) }').equations.length // 1
 * @throws FormatError listing everything that is wrong: the form, names, parameters, types.
 */
export function parseJaxpr(text: string): Jaxpr {
  const result = tryParseJaxpr(text)
  if (result._tag === 'Right') return result.right
  throw new FormatError('parseJaxpr', result.left.length === 1 ? result.left[0]! : `found ${result.left.length} problems:\n  ${result.left.join('\n  ')}`)
}

/** As `parseJaxpr`: the program, or all problems. */
export function tryParseJaxpr(text: string): Either<Problems, Jaxpr> {
  let tree: ProgramNode
  try {
    tree = parseSyntax(text)
  } catch (error) {
    if (error instanceof SyntaxProblem) return left([error.message])
    throw error
  }
  const program = resolve(tree)
  if (program._tag === 'Left') return program
  const problems = jaxprProblems(program.right)
  return problems.length > 0 ? left(problems) : program
}

/** Names to variables, parameters to their types. */
function resolve(tree: ProgramNode): Either<Problems, Jaxpr> {
  const problems: string[] = []
  const scope = new Map<string, Var>()
  const bind = (b: BinderNode): Var => {
    const v = new Var(typeOf(b, problems))
    if (b.name === '_') return v
    if (scope.has(b.name)) problems.push(`${b.at}: variable '${b.name}' is bound a second time`)
    scope.set(b.name, v)
    return v
  }
  const use = (a: AtomNode): Atom => {
    if (a.kind === 'literal') return new Literal(a.value, typeOf(a, problems))
    const v = scope.get(a.name)
    if (v === undefined) problems.push(`${a.at}: variable '${a.name}' is bound nowhere before`)
    return v ?? new Var(aval([], 'float32'))
  }
  const constVars = tree.constVars.map(bind)
  const inputs = tree.inputs.map(bind)
  const equations: Eqn[] = []
  for (const e of tree.equations) {
    const operands = e.inputs.map(use)
    const make = equation(e)
    if (make._tag === 'Left') problems.push(...make.left.map((p) => `${e.at}: ${e.primitive}: ${p}`))
    const results = e.outputs.map(bind)
    if (make._tag === 'Right') equations.push(make.right(operands, results))
  }
  const outputs = tree.outputs.map(use)
  return problems.length > 0 ? left(problems) : right({ constVars, inputs, equations, outputs })
}

type Make = (inputs: readonly Atom[], outputs: readonly Var[]) => Eqn

const isPrimitive = (name: string): name is Primitive => Object.hasOwn(abstractEval, name)

function equation(e: EquationNode): Either<Problems, Make> {
  const name = e.primitive
  if (!isPrimitive(name)) return left(['there is no such primitive'])
  const given = values(e.params)
  if (given._tag === 'Left') return given
  const params = decodeParams(name, given.right)
  return params._tag === 'Left' ? params : right((inputs, outputs) => eqn(name, params.right, inputs, outputs))
}

/** Parameters with the programs among them read. */
function values(record: RecordNode): Either<Problems, ReadonlyMap<string, Decoded>> {
  const entries = [...record.fields].map(([name, node]): Either<Problems, readonly [string, Decoded]> => {
    const v = value(node)
    return v._tag === 'Left' ? v : right([name, v.right])
  })
  const read = all(entries)
  return read._tag === 'Left' ? read : right(new Map(read.right))
}

function value(node: ValueNode): Either<Problems, Decoded> {
  if (node instanceof ProgramNode) {
    const program = resolve(node)
    return program._tag === 'Left' ? program : right(new Program(program.right))
  }
  if (Array.isArray(node)) return all(node.map((n: ValueNode) => value(n)))
  // Programs stand only at the top of parameters, never in a record or a tuple.
  return right(node as Decoded)
}

const byShortName: ReadonlyMap<string, DType> = new Map(dtypes.map((d) => [dtypeInfo[d].short, d]))

function typeOf(b: Pick<BinderNode, 'at' | 'dtype' | 'shape' | 'weak'>, problems: string[]): Aval {
  const dtype = byShortName.get(b.dtype)
  if (dtype === undefined) problems.push(`${b.at}: '${b.dtype}' is no dtype; dtypes are ${[...byShortName.keys()].join(', ')}`)
  const type = aval(b.shape, dtype ?? 'float32', b.weak)
  if (!b.shape.every((d) => Number.isInteger(d) && d >= 0)) problems.push(`${b.at}: ${showType(type)} has a size that is no integer of at least 0`)
  return type
}
