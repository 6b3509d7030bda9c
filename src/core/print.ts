/**
 * Jaxprs as text, in JAX's notation: `{ lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) }`.
 *
 * What JAX does not print and a reader of the text must know: a weak type carries a tilde, `a:~f32[]`. Parameters that
 * are records are written `{contracting=((1,), (0,)) batch=((), ())}`. `parse.ts` reads all of it back.
 */
import type { Aval } from './aval.ts'
import { showAval } from './aval.ts'
import { isFloating } from './dtype.ts'
import type { Atom, Eqn, Jaxpr, Literal, Var } from './jaxpr.ts'
import { isJaxpr } from './jaxpr-key.ts'

/** A line of parameters longer than this is broken into one parameter a line. */
const width = 100

/** The text of a program; variables are named in the order in which they appear. */
export function printJaxpr(jaxpr: Jaxpr): string {
  return printProgram(jaxpr, new Names(), '')
}

/** One equation of a program as it stands in the program's text; programs in its parameters are left out. */
export function printEquation(jaxpr: Jaxpr, index: number): string {
  const names = new Names()
  const used = usedVars(jaxpr)
  const typed = (v: Var): string => `${names.of(v)}:${printAval(v.aval)}`
  for (const v of [...jaxpr.constVars, ...jaxpr.inputs]) names.bind(v)
  for (const e of jaxpr.equations.slice(0, index + 1)) for (const v of e.outputs) if (used.has(v)) names.bind(v)
  const e = jaxpr.equations[index]!
  const inputs = e.inputs.map((a) => (a.kind === 'literal' ? printLiteral(a) : names.of(a)))
  return [e.outputs.map(typed).join(' '), '=', e.primitive, ...inputs].join(' ')
}

/** `~f32[3]`: the tilde says weak. */
const printAval = (a: Aval): string => `${a.weakType ? '~' : ''}${showAval(a)}`

/** `2.0:f32[]`, `3:i32[]`, `True:bool[]`. Floats always have a point, an exponent, or are inf or nan. */
export const printLiteral = (l: Literal): string => `${printScalar(l.value, isFloating(l.aval.dtype))}:${printAval(l.aval)}`

/** a, b, …, z, ba, bb, …: numbers in base 26. */
class Names {
  readonly #names = new Map<Var, string>()
  #next = 0
  /** A new name, also for a variable of a program that is printed twice. */
  bind(v: Var): string {
    let name: string
    do name = letters(this.#next++)
    while (keywords.has(name))
    this.#names.set(v, name)
    return name
  }
  of(v: Var): string {
    return this.#names.get(v) ?? '?'
  }
}

/** 0 is a, 25 is z, 26 is ba. */
function letters(n: number): string {
  const last = String.fromCharCode(97 + (n % 26))
  return n < 26 ? last : letters(Math.floor(n / 26)) + last
}

/** Words of the notation that are no names of variables. */
const keywords: ReadonlySet<string> = new Set(['in', 'let', 'lambda', 'inf', 'nan'])

function printProgram(jaxpr: Jaxpr, names: Names, indent: string): string {
  const binder = (v: Var): string => `${names.bind(v)}:${printAval(v.aval)}`
  const atom = (a: Atom): string => (a.kind === 'literal' ? printLiteral(a) : names.of(a))
  const used = usedVars(jaxpr)
  const consts = jaxpr.constVars.map((v) => ` ${binder(v)}`).join('')
  const inputs = jaxpr.inputs.map(binder).join(' ')
  const head = `{ lambda${consts === '' ? ' ' : consts}; ${inputs}. let`
  const line = (e: Eqn): string => {
    const outputs = e.outputs.map((v) => (used.has(v) ? binder(v) : `_:${printAval(v.aval)}`))
    const params = printParams(e, names, `${indent}    `)
    return [outputs.join(' '), `= ${e.primitive}${params}`, ...e.inputs.map(atom)].join(' ').trimStart()
  }
  const lines = jaxpr.equations.map(line)
  const tail = `in ${tuple(jaxpr.outputs.map(atom))} }`
  const only = `${head} ${lines.length === 1 ? `${lines[0]} ` : ''}${tail}`
  if (lines.length === 0 || (lines.length === 1 && !only.includes('\n') && indent.length + only.length <= width)) return only
  return [head, ...lines.map((l) => `${indent}    ${l}`), `${indent}  ${tail}`].join('\n')
}

/** `[axes=(0,) keep=True]`; broken into lines when it is long or holds a program. */
function printParams(e: Eqn, names: Names, indent: string): string {
  const inner = `${indent}  `
  const fields = Object.entries(e.params).sort(([a], [b]) => (a < b ? -1 : 1))
  if (fields.length === 0) return ''
  const shown = fields.map(([name, value]) => `${name}=${isJaxpr(value) ? printProgram(value, names, inner) : printParam(value)}`)
  const line = `[${shown.join(' ')}]`
  if (!fields.some(([, value]) => isJaxpr(value)) && indent.length + line.length <= width) return line
  return `[\n${shown.map((s) => `${inner}${s}\n`).join('')}${indent}]`
}

function printParam(value: unknown): string {
  if (Array.isArray(value)) return tuple(value.map(printParam))
  if (value === null) return 'None'
  if (typeof value === 'object') {
    return `{${Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, v]) => `${name}=${printParam(v)}`)
      .join(' ')}}`
  }
  if (typeof value === 'string') return bareWord.test(value) && !reserved.has(value) ? value : JSON.stringify(value)
  return printScalar(value as number | boolean, false)
}

const bareWord = /^[A-Za-z_][A-Za-z0-9_]*$/
const reserved: ReadonlySet<string> = new Set(['True', 'False', 'None', 'inf', 'nan'])

function printScalar(value: number | boolean, float: boolean): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const text = Object.is(value, -0) ? '-0' : String(value)
  return float && /^-?\d+$/.test(text) ? `${text}.0` : text
}

/** As Python: `()`, `(a,)`, `(a, b)`. */
const tuple = (items: readonly string[]): string => (items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`)

function usedVars(jaxpr: Jaxpr): ReadonlySet<Var> {
  const used = new Set<Var>()
  const use = (a: Atom): void => {
    if (a.kind === 'var') used.add(a)
  }
  for (const e of jaxpr.equations) e.inputs.forEach(use)
  jaxpr.outputs.forEach(use)
  return used
}
