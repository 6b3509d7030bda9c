/** Command lines of the examples: options with defaults, and a help text made from them. */
import { parseArgs } from 'node:util'

export interface Option {
  readonly about: string
  /** A number or text, by its kind; `false` for a switch. */
  readonly default: number | string | false
}

type Parsed<O> = { readonly [K in keyof O]: O[K] extends { readonly default: number } ? number : O[K] extends { readonly default: string } ? string : boolean }

/** Reads the program's arguments; `--help` prints what there is and ends, a wrong one says what is known. */
export function commandLine<const O extends Readonly<Record<string, Option>>>(about: string, options: O): Parsed<O> {
  const config = Object.fromEntries(Object.entries(options).map(([name, o]) => [name, { type: o.default === false ? ('boolean' as const) : ('string' as const) }]))
  const help = [about, '', ...Object.entries(options).map(([name, o]) => `  --${name.padEnd(9)} ${o.about}${o.default === false ? '' : ` (${o.default === '' ? 'none' : o.default})`}`), '  --help      this text'].join('\n')
  const fail = (message: string): never => {
    console.error(`${message}\n\n${help}`)
    process.exit(2)
  }
  let values: Readonly<Record<string, unknown>>
  try {
    values = parseArgs({ options: { ...config, help: { type: 'boolean' } } }).values
  } catch (e) {
    return fail(e instanceof Error ? e.message : String(e))
  }
  if (values['help'] === true) {
    console.log(help)
    process.exit(0)
  }
  const read = ([name, o]: [string, Option]): [string, unknown] => {
    const given = values[name]
    if (given === undefined) return [name, o.default]
    if (typeof o.default !== 'number') return [name, given]
    const n = Number(given)
    if (!Number.isInteger(n) || n < 0) fail(`--${name} takes a whole number, and got ${JSON.stringify(given)}`)
    return [name, n]
  }
  return Object.fromEntries(Object.entries(options).map(read)) as Parsed<O>
}
