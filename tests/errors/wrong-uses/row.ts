/** One line of the table of wrong uses: a call, and the line it stands on. */
import { readFileSync } from 'node:fs'

export interface WrongUse {
  /** The public function that is used wrongly, as it is called: `np.add`, `jit`, `x.at(0).set`. */
  readonly name: string
  /** What the error is to be called by: the name without its module, except where modules share names. */
  readonly operation: string
  /** The call as it is written in its row. */
  readonly text: string
  /** `file:line` of the row. */
  readonly at: string
  readonly call: () => unknown
}

/** What types refuse, for what JavaScript lets through: the value of a wrong kind that a row is about. */
// `never` fits every parameter, which is the point.
export const wrongKind = (x: unknown): never => x as never

/** A function of a module by its name, for rows that are about many functions. Its types are those of none. */
export const named = (module: object, name: string): ((...args: readonly unknown[]) => unknown) => (module as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>)[name]!

const namesOfModules = /^(tree|debug|idx|safetensors)\./
const sources = new Map<string, readonly string[]>()
function lineOf(at: string): string {
  const [file, line] = [at.slice(0, at.lastIndexOf(':')), Number(at.slice(at.lastIndexOf(':') + 1))]
  const lines = sources.get(file) ?? readFileSync(file, 'utf8').split('\n')
  sources.set(file, lines)
  return lines[line - 1] ?? ''
}

/** `file:line` of a stack's line. */
export const placeOf = (frame: string): string => (/([^\s(]+):(\d+):\d+\)?$/.exec(frame) ?? []).slice(1, 3).join(':').replace('file://', '')

/** What a row calls, as a user writes it: without what the row needs to be typed, or to stand for many functions. */
function textOf(line: string, name: string): string {
  const start = line.indexOf('() => ')
  const written = line.slice(start + 6, endOf(line, start)).replace(/^await /, '')
  const method = name.slice(name.lastIndexOf('.') + 1)
  const called = written.replace(/^named\((\w+), name\)\.call\(\1(?:, )?/, `$1.${method}(`).replace(/^named\(\w+, name\)/, name)
  return withoutCalls('wrongKind(', called)
}
/** Where the argument that begins at `from` ends: at a comma or bracket outside its own brackets. */
function endOf(text: string, from: number): number {
  let depth = 0
  for (let i = from; i < text.length; i++) {
    const c = text[i]!
    if ('([{'.includes(c)) depth++
    else if (')]}'.includes(c) && --depth < 0) return i
    else if (c === ',' && depth === 0) return i
  }
  return text.length
}
/** The text with the argument of a call in place of the call. */
function withoutCalls(call: string, text: string): string {
  const at = text.indexOf(call)
  if (at < 0) return text
  const start = at + call.length
  const end = endOf(text, start)
  return withoutCalls(call, text.slice(0, at) + text.slice(start, end) + text.slice(end + 1))
}

/** Rows of one part of the library, in the order they are written. */
export class Table {
  readonly rows: WrongUse[] = []

  /** `operation`: what the error is called by where it is not the name, because what is wrong is inside a user's function. */
  row(name: string, call: () => unknown, operation: string = namesOfModules.test(name) ? name : name.slice(name.lastIndexOf('.') + 1)): void {
    const at = placeOf((new Error().stack ?? '').split('\n')[2] ?? '')
    this.rows.push({ name, operation, text: textOf(lineOf(at), name), at, call })
  }
}
