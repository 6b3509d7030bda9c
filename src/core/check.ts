/** The type checker of jaxprs: run by tests after every pass and transformation, and on every program read from text. */
import { evalAvals } from './abstract-eval/index.ts'
import { sameType, showType } from './aval.ts'
import { InternalError, PullbackError } from './errors.ts'
import type { Atom, Eqn, Jaxpr, Var } from './jaxpr.ts'
import { isJaxpr } from './jaxpr-key.ts'

/**
 * Gives the program back if it is well formed: every variable bound once and before its uses, every equation's results
 * of the types that its primitive gives, programs in parameters likewise and without `constVars`.
 *
 * Weakness is not compared: a pass may put a strong value where a weak one was.
 * @throws InternalError listing all problems.
 */
export function checkJaxpr(jaxpr: Jaxpr): Jaxpr {
  const problems = jaxprProblems(jaxpr)
  if (problems.length > 0) throw new InternalError('checkJaxpr', `found ${problems.length} problems:\n  ${problems.join('\n  ')}`)
  return jaxpr
}

/** Everything wrong with a program, by equation; empty when it is well formed. */
export function jaxprProblems(jaxpr: Jaxpr): readonly string[] {
  const problems: string[] = []
  checkProgram(jaxpr, '', problems)
  return problems
}

function checkProgram(jaxpr: Jaxpr, where: string, problems: string[]): void {
  const bound = new Set<Var>()
  const bind = (v: Var, at: string): void => {
    if (bound.has(v)) problems.push(`${where}${at}: a variable ${showType(v.aval)} is bound a second time`)
    bound.add(v)
  }
  const use = (a: Atom, at: string): void => {
    if (a.kind === 'literal' && a.aval.shape.length > 0) problems.push(`${where}${at}: a literal has type ${showType(a.aval)}; literals are scalars`)
    if (a.kind === 'var' && !bound.has(a)) problems.push(`${where}${at}: a variable ${showType(a.aval)} is used before it is bound`)
  }
  for (const v of jaxpr.constVars) bind(v, 'constVars')
  for (const v of jaxpr.inputs) bind(v, 'inputs')
  for (const [i, e] of jaxpr.equations.entries()) {
    const at = `equation ${i} (${e.primitive})`
    for (const a of e.inputs) use(a, at)
    checkEquation(e, `${where}${at}`, problems)
    for (const v of e.outputs) bind(v, at)
  }
  for (const a of jaxpr.outputs) use(a, 'outputs')
}

function checkEquation(e: Eqn, at: string, problems: string[]): void {
  const before = problems.length
  for (const [name, value] of Object.entries(e.params)) {
    if (!isJaxpr(value)) continue
    if (value.constVars.length > 0) problems.push(`${at}: ${name} has ${value.constVars.length} constVars; programs in parameters take them as operands`)
    checkProgram(value, `${at} > ${name} > `, problems)
  }
  if (problems.length > before) return
  try {
    const avals = evalAvals(e.primitive, e.inputs.map((a) => a.aval), e.params)
    if (avals.length !== e.outputs.length) problems.push(`${at}: has ${e.outputs.length} results; the primitive gives ${avals.length}`)
    for (const [i, a] of avals.entries()) {
      const v = e.outputs[i]
      if (v !== undefined && !sameType(v.aval, a)) problems.push(`${at}: result ${i} is ${showType(v.aval)}; the primitive gives ${showType(a)}`)
    }
  } catch (error) {
    if (!(error instanceof PullbackError)) throw error
    problems.push(`${at}: ${error.message}`)
  }
}
