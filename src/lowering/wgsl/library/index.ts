/**
 * Functions in WGSL: where the language's own are missing, say nothing of NaN, or are only accurate in an absolute sense.
 * A shader holds those that it calls, and what they call. They choose by `select`, not by branches, where both sides are cheap: a shader may call
 * hundreds, each in its place.
 */
import { angles } from './angles.ts'
import { exponentials } from './exponentials.ts'
import { narrowFloats } from './narrow-floats.ts'
import { numbers } from './numbers.ts'
import { pairs } from './pairs.ts'
import { special } from './special.ts'
import { subgroups } from './subgroups.ts'
import { threefry } from './threefry.ts'

const functions: Readonly<Record<string, string>> = { ...numbers, ...narrowFloats, ...exponentials, ...angles, ...pairs, ...special, ...subgroups, ...threefry }

/** The functions that a text calls, and those that these call, in an order of definition before use. */
export function libraryFor(text: string): string {
  const found = new Map<string, string>()
  const visit = (code: string): void => {
    for (const [name] of code.matchAll(/\b[a-z]\w*\b/g)) {
      const body = functions[name]
      if (body === undefined || found.has(name)) continue
      found.set(name, '') // before it is visited: its own name stands in it
      visit(body)
      found.delete(name)
      found.set(name, body)
    }
  }
  visit(text)
  const bodies = [...found.values()]
  const zero = /\bzero\b/.test([text, ...bodies].join('\n')) ? ['// 0, as no compiler knows: set by the entry point.\nvar<private> zero: u32;'] : []
  return [...zero, ...bodies].join('\n')
}
