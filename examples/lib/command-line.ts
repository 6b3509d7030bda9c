/** Command lines of the examples: options with defaults, and a help text made from them. */
import { parseArgs } from 'node:util'

export interface Option {
  readonly about: string
  /** A number or text, by its kind; `false` for a switch. */
  readonly default: number | string | false
  /** The least number that makes sense; 0 unless said. */
  readonly least?: number
  /** The only texts that make sense. */
  readonly oneOf?: readonly string[]
}

type Value<O> = O extends { readonly default: number } ? number : O extends { readonly oneOf: readonly (infer T)[] } ? T : O extends { readonly default: string } ? string : boolean
type Parsed<O> = { readonly [K in keyof O]: Value<O[K]> }

/** Reads the program's arguments. `--help` prints what there is and ends; a wrong argument says what is known. */
export function commandLine<const O extends Readonly<Record<string, Option>>>(about: string, options: O): Parsed<O> {
  const shown = Object.entries(options).map(([name, o]) => `  --${name.padEnd(9)} ${o.about}${o.default === false ? '' : ` (${o.default})`}`)
  const help = [about, '', ...shown, '  --help      this text'].join('\n')
  const refuse = (message: string): never => {
    console.error(`${message}\n\n${help}`)
    process.exit(2)
  }
  const given = parse(options, refuse)
  if (given['help'] === true) {
    console.log(help)
    process.exit(0)
  }
  const read = ([name, o]: [string, Option]): [string, number | string | boolean] => {
    const value = given[name]
    if (value === undefined) return [name, o.default]
    if (o.oneOf !== undefined && !o.oneOf.includes(String(value))) refuse(`--${name} is ${o.oneOf.join(' or ')}, and got '${value}'`)
    if (typeof o.default !== 'number') return [name, value]
    const n = Number(value)
    const least = o.least ?? 0
    if (value === '' || !Number.isSafeInteger(n) || n < least) refuse(`--${name} takes a whole number of at least ${least}, and got '${value}'`)
    return [name, n]
  }
  return Object.fromEntries(Object.entries(options).map(read)) as Parsed<O> // read gives each option a value of its kind
}

type Given = Readonly<Record<string, string | boolean | undefined>>

function parse(options: Readonly<Record<string, Option>>, refuse: (message: string) => never): Given {
  const kinds = Object.entries(options).map(([name, o]): [string, { type: 'boolean' | 'string' }] => [name, { type: o.default === false ? 'boolean' : 'string' }])
  try {
    return parseArgs({ options: { ...Object.fromEntries(kinds), help: { type: 'boolean' } } }).values
  } catch (e) {
    return refuse(e instanceof Error ? e.message : String(e))
  }
}
