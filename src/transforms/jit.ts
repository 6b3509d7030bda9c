/** jit: a function is traced once for each signature, and runs as one compiled program. */
import { DeviceArray, type NDArray, Tracer } from '../core/array.ts'
import { type Aval, sameType, showType } from '../core/aval.ts'
import { recordTrace } from '../core/compile-log.ts'
import type { DeviceName } from '../core/device-name.ts'
import { backendOf, defaultDevice, putArray, readArray } from '../core/devices.ts'
import { callJit } from '../core/evaluate.ts'
import { type Jaxpr, Literal } from '../core/jaxpr.ts'
import { checkOptions } from '../core/ops/checks.ts'
import { bind, isStaging, type Value } from '../core/trace.ts'
import { type Out, unflatten } from '../core/tree.ts'
import { valueKey } from '../core/value-key.ts'
import { type AnyFunction, apply, type Argnums, type Flat, flattenValues, givenArgnums, named, nameOf, paths, requireFunction } from './functions.ts'
import { collectMatching, type Entry, findEntry, keepEntry, latestEntry } from './jit-cache.ts'
import { constsAsInputs } from './staging/jaxprs.ts'
import { traceFunction } from './trace-function.ts'
import type { Args } from './types.ts'

export interface JitOptions {
  /**
   * Arguments that are not traced: the program is specialised to their values. Plain data are compared by what they hold,
   * functions and objects of classes by identity.
   */
  readonly staticArgnums?: Argnums
  /** Arguments whose arrays are given away: their memory may become the results'. They cannot be used afterwards. */
  readonly donateArgnums?: Argnums
  /** Where to run; default: where the arguments are. */
  readonly device?: DeviceName
}

/** How often functions were traced, for tests and diagnosis. */
export const traceCounter: { traces: number } = { traces: 0 }

const none: readonly number[] = []

/**
 * Compiles a function: the first call with arguments of given types traces it, later ones run what was compiled.
 * What the function does besides computing happens only while it is traced.
 *
 * @example
 * const step = jit((w: np.NDArray, x: np.NDArray) => w.sub(x.mul(0.1)))
 * step(np.ones([3]), np.ones([3]))
 * @throws ConcretizationError where the function branches on a traced value.
 */
export function jit<A extends Args, R>(f: (...a: A) => R, options: JitOptions = {}): (...a: A) => Out<R> {
  checkJit(f, options)
  const { donateArgnums } = options
  let last: Entry | null = null
  const compiled = (...args: A): unknown => {
    const { entry, values } = lookUp(f, options, args, last)
    if (entry.reusable) last = entry
    return unflatten(entry.outStructure, run(entry, values, donateArgnums === undefined ? null : donatedLeaves(entry, args, donateArgnums)))
  }
  return named(compiled, f) as (...a: A) => Out<R>
}

function checkJit(f: unknown, options: JitOptions): void {
  requireFunction('jit', f)
  checkOptions('jit', options, ['staticArgnums', 'donateArgnums', 'device'])
}

/** The program that a call would run, and the positions of the inputs that it gives away; inputs are what it closes over, then the leaves of its arguments. */
export function programOf(f: AnyFunction, options: JitOptions, args: readonly unknown[]): { readonly jaxpr: Jaxpr; readonly donated: ReadonlySet<number> } {
  checkJit(f, options)
  const { entry } = lookUp(f, options, args, null)
  const given = options.donateArgnums === undefined ? [] : donatedLeaves(entry, args, options.donateArgnums)
  return { jaxpr: entry.params.jaxpr, donated: new Set(given.flatMap((d, i) => (d ? [entry.consts.length + i] : []))) }
}

interface Call {
  readonly entry: Entry
  readonly values: readonly Value[]
}

/** The program for a call: the last one if it fits, one of those kept, or a new one. */
function lookUp(f: AnyFunction, options: JitOptions, args: readonly unknown[], last: Entry | null): Call {
  const { staticArgnums, device = null } = options
  const statics = staticArgnums === undefined ? none : givenArgnums('jit', 'staticArgnums', staticArgnums, args.length)
  const staticKey = statics.length === 0 ? '' : valueKey(statics.map((n) => args[n]))
  const dynamic = statics.length === 0 ? args : args.filter((_, i) => !statics.includes(i))
  let values: Value[] = []
  const matches = (e: Entry): boolean => {
    values = []
    // Arrays that a function makes lie where the default device was: under another one it makes others.
    if (e.consts.length > 0 && e.madeOn !== defaultDevice()) return false
    return e.device === device && sameItems(e.staticArgnums, statics) && e.staticKey === staticKey && collectMatching(dynamic, e.structure, e.avals, values)
  }
  if (last !== null && matches(last)) return { entry: last, values }
  const known = findEntry(f, matches)
  if (known !== null) return { entry: known, values }
  const given = flattenValues([...dynamic], 'jit')
  const entry = traceEntry(f, args, given, statics, staticKey, device)
  if (entry.reusable) keepEntry(f, entry)
  return { entry, values: given.values }
}

function sameItems(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function traceEntry(
  f: AnyFunction,
  args: readonly unknown[],
  { structure, values }: Flat,
  staticArgnums: readonly number[],
  staticKey: string,
  device: DeviceName | null,
): Entry {
  if (device !== null) backendOf(device, 'jit')
  traceCounter.traces++
  const avals = values.map((v) => v.aval)
  const call = (tree: unknown): unknown => {
    let next = 0
    const traced = tree as readonly unknown[]
    return apply(f, args.map((a, i) => (staticArgnums.includes(i) ? a : traced[next++])))
  }
  const { jaxpr, consts, outStructure } = traceFunction('jit', call, structure, avals)
  const params = { name: nameOf(f), jaxpr: constsAsInputs(jaxpr), device }
  // What belongs to a transformation outside is of no use once that has ended.
  const reusable = !consts.some((c) => c instanceof Tracer)
  const entry = { structure, avals, staticKey, staticArgnums, device, params, consts, madeOn: defaultDevice(), outStructure, reusable }
  recordTrace({ name: params.name, signature: avals.map(showType).join(', '), reason: reasonFor(entry, latestEntry(f)), equations: jaxpr.equations.length })
  return entry
}

/** Why a call could not run what was traced for another. */
function reasonFor(entry: Entry, before: Entry | undefined): string {
  if (!entry.reusable) return 'it closes over a value of a transformation outside, so it is traced at each call'
  if (before === undefined) return 'the first call of this function'
  if (before.structure.key !== entry.structure.key) return `the arguments have structure ${entry.structure.key}, and had ${before.structure.key}`
  const i = entry.avals.findIndex((a, k) => !sameType(a, before.avals[k]!) || a.weakType !== before.avals[k]!.weakType)
  const show = (a: Aval): string => `${a.weakType ? 'weak ' : ''}${showType(a)}`
  if (i >= 0) return `argument ${paths(entry.structure)[i]} is ${show(entry.avals[i]!)}, and was ${show(before.avals[i]!)}`
  if (entry.device !== before.device) return `the device is ${entry.device ?? 'that of the arguments'}`
  return entry.madeOn === before.madeOn ? 'static arguments differ' : `it makes arrays, and the default device is ${entry.madeOn}, and was ${before.madeOn}`
}

function run({ params, consts }: Entry, values: readonly Value[], donated: readonly boolean[] | null): NDArray[] {
  const operands = consts.length === 0 ? values : [...consts, ...values]
  if (!isStaging() && operands.every(isConcrete)) {
    const flags = donated === null ? null : [...consts.map(() => false), ...donated]
    return callJit(params, params.device === null ? operands : operands.map((x) => moved(x, params.device!)), flags)
  }
  return bind('jit', operands, params)
}

const isConcrete = (x: Value): boolean => x instanceof Literal || x.trace === null

function moved(x: Value, device: DeviceName): Value {
  if (!(x instanceof DeviceArray) || x.device === device) return x
  return putArray(readArray(x, 'jit'), x.aval, device)
}

/** For every leaf of the traced arguments: is it given away? */
function donatedLeaves({ structure, staticArgnums }: Entry, args: readonly unknown[], donateArgnums: Argnums): boolean[] {
  const donated = givenArgnums('jit', 'donateArgnums', donateArgnums, args.length)
  const dynamic = args.map((_, i) => i).filter((i) => !staticArgnums.includes(i))
  const children = structure.kind === 'list' ? structure.children : []
  return children.flatMap((c, k) => new Array<boolean>(c.leaves).fill(donated.includes(dynamic[k]!)))
}
