/**
 * `debug.nans` and `debug.infs`: which operation makes the first NaN or infinity.
 *
 * Results of every evaluated operation and program are looked at. A program that gives a NaN is run again, equation by
 * equation, into programs inside it and loops iteration by iteration, until an operation's own result has it.
 */
import { DeviceArray, type NDArray } from './array.ts'
import { showType } from './aval.ts'
import { decodeNumbers } from './bytes.ts'
import { describe } from './describe.ts'
import { readArray } from './devices.ts'
import { dtypeInfo } from './dtype.ts'
import { ArgumentError, DeviceError, InternalError, NonFiniteError } from './errors.ts'
import { type Atom, type Jaxpr, Literal, type Var } from './jaxpr.ts'
import { printEquation } from './print.ts'
import type { Primitive, PrimitiveParams } from './primitives/index.ts'
import { activeTransformations, type Evaluator, type Value } from './trace.ts'
import { phases, setWatcher, watching } from './watching.ts'

const watched = { nans: false, infs: false }

export function watch(what: 'nans' | 'infs', on: boolean | undefined): boolean {
  if (on !== undefined && typeof on !== 'boolean') throw new ArgumentError(`debug.${what}`, `takes true, false or nothing, and got ${describe(on)}`)
  if (on !== undefined) watched[what] = on
  setWatcher(watched.nans || watched.infs ? { inspect, inspectProgram } : null)
  return watched[what]
}

interface Found {
  readonly kind: 'NaN' | 'inf'
  readonly count: number
  readonly first: number
  readonly array: NDArray
}

function find(x: Value, kinds: { readonly nans: boolean; readonly infs: boolean } = watched): Found | null {
  const { kind } = dtypeInfo[x.aval.dtype]
  if (!(x instanceof DeviceArray) || x.disposed || (kind !== 'float' && kind !== 'complex')) return null
  if (!x.storage('debug.nans').readable) throw new DeviceError('debug.nans', `looks at every result at once, which '${x.device}' cannot give; run this part on 'wasm' or 'cpu' meanwhile`)
  const values = decodeNumbers(readArray(x, 'debug.nans'), x.dtype)
  const search = (wanted: 'NaN' | 'inf', is: (v: number) => boolean): Found | null => {
    let count = 0
    let first = -1
    for (let i = 0; i < values.length; i++) {
      if (!is(values[i]!)) continue
      if (count++ === 0) first = kind === 'complex' ? i >> 1 : i
    }
    return count === 0 ? null : { kind: wanted, count, first, array: x }
  }
  return (kinds.nans ? search('NaN', Number.isNaN) : null) ?? (kinds.infs ? search('inf', (v) => Math.abs(v) === Infinity) : null)
}

function findAny(xs: readonly Value[]): Found | null {
  for (const x of xs) {
    const found = find(x)
    if (found !== null) return found
  }
  return null
}

/** `[1,0]`: the place of a flat position. */
function place(flat: number, shape: readonly number[]): string {
  let rest = flat
  const out: number[] = []
  for (const d of [...shape].reverse()) {
    out.unshift(rest % d)
    rest = Math.floor(rest / d)
  }
  return `[${out.join(',')}]`
}

function operandText(x: Value): string {
  if (x instanceof Literal) return String(x.value)
  const held = find(x, { nans: true, infs: true })
  return `${showType(x.aval)}${held === null ? '' : ` that holds ${held.kind} already`}`
}

function made(operation: string, { kind, count, first, array }: Found, operands: readonly Value[], where: readonly string[]): NonFiniteError {
  const type = showType(array.aval)
  const which = array.ndim === 0 ? type : `${count} of ${array.size} elements of ${type}, the first at ${place(first, array.shape)}`
  const from = operands.length === 0 ? '' : `; from ${operands.map(operandText).join(', ')}`
  const under = activeTransformations()
  const around = [...where, ...[...phases].reverse(), ...(under.length === 0 ? [] : [`under ${under.join(' and ')}`])]
  return new NonFiniteError(operation, `made ${kind}${around.length === 0 ? '' : ` ${around.join(', ')}`}: ${which}${from}`)
}

function inspect<P extends Primitive>(primitive: P, params: PrimitiveParams[P], inputs: readonly Value[], outputs: readonly Value[], evaluate: Evaluator): void {
  const found = findAny(outputs)
  if (found === null) return
  walked(() => {
    explain(primitive, params, inputs, [], evaluate)
  })
  throw made(primitive, found, inputs, [])
}

function inspectProgram(name: string, jaxpr: Jaxpr, inputs: readonly Value[], outputs: readonly Value[], evaluate: Evaluator): void {
  const found = findAny(outputs)
  if (found === null) return
  const where = [`in jit '${name}'`]
  walked(() => {
    walk(jaxpr, inputs, where, evaluate)
  })
  // The operations one by one round otherwise than the program, and make none.
  throw made('jit', found, inputs, [...where, 'as a whole: its operations, run one by one, do not'])
}

/** A walk looks at its operations itself. */
function walked(body: () => void): void {
  const watcher = watching()
  setWatcher(null)
  try {
    body()
  } finally {
    setWatcher(watcher)
  }
}

/** Runs a program equation by equation. @throws NonFiniteError at the first that makes one. */
function walk(jaxpr: Jaxpr, inputs: readonly Value[], where: readonly string[], evaluate: Evaluator): readonly Value[] {
  const values = new Map<Var, Value>(jaxpr.inputs.map((v, i) => [v, inputs[i]!]))
  const read = (a: Atom): Value => {
    const value = a.kind === 'literal' ? a : values.get(a)
    if (value === undefined) throw new InternalError('debug.nans', 'an equation reads a variable that nothing bound')
    return value
  }
  for (const [k, e] of jaxpr.equations.entries()) {
    const operands = e.inputs.map(read)
    const outputs = evaluate<Primitive>(e.primitive, operands, e.params)
    const found = findAny(outputs)
    if (found !== null) {
      explain(e.primitive, e.params, operands, where, evaluate)
      throw made(e.primitive, found, operands, [...where, `by ${printEquation(jaxpr, k)}`])
    }
    e.outputs.forEach((v, i) => values.set(v, outputs[i]!))
  }
  return jaxpr.outputs.map(read)
}

/** Looks into the programs of an operation that is made of them. */
function explain<P extends Primitive>(primitive: P, params: PrimitiveParams[P], operands: readonly Value[], where: readonly string[], evaluate: Evaluator): void {
  // The tables of parameters are by primitive; a generic name does not narrow them.
  if (primitive === 'jit') {
    const { name, jaxpr } = params as PrimitiveParams['jit']
    walk(jaxpr, operands, [...where, `in jit '${name}'`], evaluate)
  } else if (primitive === 'scan') walkLoop(params as PrimitiveParams['scan'], operands, where, evaluate)
}

function walkLoop({ length, reverse, numConsts, numCarry, jaxpr }: PrimitiveParams['scan'], operands: readonly Value[], where: readonly string[], evaluate: Evaluator): void {
  const consts = operands.slice(0, numConsts)
  let carry = operands.slice(numConsts, numConsts + numCarry)
  const xs = operands.slice(numConsts + numCarry)
  for (let step = 0; step < length; step++) {
    const i = reverse ? length - 1 - step : step
    const outputs = walk(jaxpr, [...consts, ...carry, ...xs.map((x) => row(x, i, evaluate))], [...where, `in scan, iteration ${step} of ${length}`], evaluate)
    carry = outputs.slice(0, numCarry)
  }
}

function row(x: Value, i: number, evaluate: Evaluator): Value {
  const [, ...rest] = x.aval.shape
  const params = { startIndices: [i, ...rest.map(() => 0)], limitIndices: [i + 1, ...rest], strides: [1, ...rest.map(() => 1)] }
  return evaluate('reshape', evaluate('slice', [x], params), { newSizes: rest })[0]!
}
