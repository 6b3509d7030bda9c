/** A jaxpr evaluated by the reference device's rules, one equation at a time, so that a test can look inside. */
import { cpuRules } from '../../src/backends/cpu/interpret.ts'
import { fromNumbers, type HostArray, numbersOf } from '../../src/backends/cpu/host-array.ts'
import { type Aval, bytesOf } from '../../src/core/aval.ts'
import { scalarBytes } from '../../src/core/bytes.ts'
import type { Atom, Eqn, EqnFor, Jaxpr, Var } from '../../src/core/jaxpr.ts'
import type { Primitive } from '../../src/core/primitives/index.ts'
import '../families.ts'

/** A value, and what its rounding errors are measured against; null: its own size. */
export interface Weighed extends HostArray {
  readonly weight: HostArray | null
}

/** What a test makes of an equation that holds no program. */
export type Visit = (e: Eqn, inputs: readonly Weighed[]) => readonly Weighed[]

/** The results of a primitive's rule on the reference device. */
export const applyRule = <P extends Primitive>(e: Eqn<P>, inputs: readonly HostArray[]): HostArray[] => cpuRules[e.primitive](inputs, e.params, e.outputs.map((v) => v.aval))

/** Operands that say where the others go, and are not multiplied with them. */
export const selects = (e: Eqn, i: number): boolean => (e.primitive === 'selectAndScatterAdd' || e.primitive === 'selectAndGatherAdd') && i === 1

export const absolute = (x: HostArray): HostArray => fromNumbers(x.aval, Float64Array.from(numbersOf(x), Math.abs))
export const weightOf = (x: Weighed): HostArray => x.weight ?? absolute(x)

/** `inputs` are the program's constants, then its inputs. Programs in parameters are walked too, loops step by step. */
export function walk(jaxpr: Jaxpr, inputs: readonly Weighed[], visit: Visit): Weighed[] {
  const values = new Map<Var, Weighed>([...jaxpr.constVars, ...jaxpr.inputs].map((v, i) => [v, inputs[i]!]))
  const read = (a: Atom): Weighed => (a.kind === 'literal' ? { aval: a.aval, bytes: scalarBytes(a.value, a.aval.dtype), weight: null } : values.get(a)!)
  for (const e of jaxpr.equations) {
    const operands = e.inputs.map(read)
    const results = e.primitive === 'jit' ? walk(e.params.jaxpr, operands, visit) : e.primitive === 'scan' ? walkScan(e, operands, visit) : visit(e, operands)
    e.outputs.forEach((v, i) => values.set(v, results[i]!))
  }
  return jaxpr.outputs.map(read)
}

function walkScan(e: EqnFor<'scan'>, inputs: readonly Weighed[], visit: Visit): Weighed[] {
  const { length, reverse, numConsts, numCarry, jaxpr } = e.params
  const consts = inputs.slice(0, numConsts)
  const xs = inputs.slice(numConsts + numCarry)
  let carry = inputs.slice(numConsts, numConsts + numCarry)
  const rows: Weighed[][] = []
  for (let step = 0; step < length; step++) {
    const i = reverse ? length - 1 - step : step
    const out = walk(jaxpr, [...consts, ...carry, ...xs.map((x) => ({ ...rowOf(x, i, length), weight: x.weight && rowOf(x.weight, i, length) }))], visit)
    carry = out.slice(0, numCarry)
    rows[i] = out.slice(numCarry)
  }
  const stacked = e.outputs.slice(numCarry).map((v, k): Weighed => {
    const column = rows.map((row) => row[k]!)
    return { ...stack(column, v.aval), weight: column.some((y) => y.weight !== null) ? stack(column.map(weightOf), v.aval) : null }
  })
  return [...carry, ...stacked]
}

function rowOf({ aval, bytes }: HostArray, i: number, rows: number): HostArray {
  return { aval: { ...aval, shape: aval.shape.slice(1) }, bytes: bytes.slice((i * bytes.length) / rows, ((i + 1) * bytes.length) / rows) }
}

function stack(rows: readonly HostArray[], aval: Aval): HostArray {
  const bytes = new Uint8Array(bytesOf(aval))
  rows.forEach((row, i) => bytes.set(row.bytes, i * row.bytes.length))
  return { aval, bytes }
}
