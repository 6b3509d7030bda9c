/** Splits programs into a part that known inputs determine and the rest, with residuals between them. */
import type { Value } from '../../core/trace.ts'
import { InternalError } from '../../core/errors.ts'
import type { Jaxpr, Var } from '../../core/jaxpr.ts'
import { bind, withTrace } from '../../core/trace.ts'
import { clean } from '../staging/dce.ts'
import { bits, cachedBy, constsAsInputs, count, evalJaxpr, inputAvals, merge, reorder, split, where, whereNot } from '../staging/jaxprs.ts'
import { traceToJaxpr } from '../staging/stage.ts'
import { LinearTrace, LinearTracer, type SplitRule, type SplitRules } from './linear-trace.ts'
import { range } from '../build.ts'
import { storeLess } from './residuals.ts'

/** Where a residual comes from: an input of the known part, or one of its outputs. */
interface Source {
  readonly from: 'input' | 'output'
  readonly index: number
}

interface SplitProgram {
  /** Known inputs to known outputs, then residuals that are neither an input nor such an output. */
  readonly known: Jaxpr
  /** Residuals, then unknown inputs, to unknown outputs. */
  readonly unknown: Jaxpr
  readonly unknownOutputs: readonly boolean[]
  readonly residuals: readonly Source[]
}

/** `forced[i]` makes output i unknown whatever it depends on; `free[i]` says that to keep input i costs nothing. */
const partialEvalJaxpr: (jaxpr: Jaxpr, unknownInputs: readonly boolean[], forced: readonly boolean[], free: readonly boolean[]) => SplitProgram = cachedBy(
  (unknownInputs, forced, free) => `${bits(unknownInputs)}|${bits(forced)}|${bits(free)}`,
  (jaxpr, unknownInputs, forced, free) => {
    const avals = inputAvals(jaxpr)
    let rest: { jaxpr: Jaxpr; unknownOutputs: boolean[] } | null = null
    const staged = traceToJaxpr(
      (known) =>
        withTrace(
          (level) => new LinearTrace(level, 'linearize', splitRules),
          (trace) => {
            const unknown = where(avals, unknownInputs).map((a) => trace.input(a))
            const outs = evalJaxpr(jaxpr, [], merge<Value>(unknownInputs, unknown, known))
            const unknownOutputs = outs.map((o, i) => forced[i]! || (o instanceof LinearTracer && o.trace === trace))
            const recorded = trace.finish(where(outs, unknownOutputs))
            rest = { jaxpr: recorded.jaxpr, unknownOutputs }
            return [...whereNot(outs, unknownOutputs), ...recorded.residuals]
          },
        ),
      whereNot(avals, unknownInputs),
      'linearize',
    )
    if (rest === null || staged.consts.length > 0) throw new InternalError('linearize', 'a program to split closes over arrays')
    return share(staged.jaxpr, rest, whereNot(free, unknownInputs))
  },
)

/** Residuals that stand elsewhere already are not given out again. */
function share(known: Jaxpr, rest: { readonly jaxpr: Jaxpr; readonly unknownOutputs: readonly boolean[] }, free: readonly boolean[]): SplitProgram {
  const { unknownOutputs } = rest
  const numKnown = count(unknownOutputs.map((u) => !u))
  const slim = storeLess(known, known.outputs.slice(numKnown).map(varOf), rest.jaxpr, new Set(where(known.inputs, free)))
  const outputs = known.outputs.slice(0, numKnown)
  const residuals = slim.stored.map((v): Source => {
    const input = known.inputs.indexOf(v)
    if (input >= 0) return { from: 'input', index: input }
    if (!outputs.includes(v)) outputs.push(v)
    return { from: 'output', index: outputs.indexOf(v) }
  })
  const whole: Jaxpr = { ...known, outputs }
  return { known: clean(whole, outputs.map(() => true)).jaxpr, unknown: constsAsInputs(slim.unknown), unknownOutputs, residuals }
}

function varOf(a: Jaxpr['outputs'][number]): Var {
  if (a.kind === 'var') return a
  throw new InternalError('linearize', 'a residual is a literal')
}

const isKnown = (t: LinearTracer): boolean => t.known !== null
const valuesOf = (tracers: readonly LinearTracer[]): Value[] => tracers.flatMap((t) => (t.known === null ? [] : [t.known]))

const splitJit: SplitRule<'jit'> = (trace, inputs, params) => {
  const unknownInputs = inputs.map((t) => !isKnown(t))
  const { known, unknown, unknownOutputs, residuals } = partialEvalJaxpr(
    params.jaxpr,
    unknownInputs,
    params.jaxpr.outputs.map(() => false),
    unknownInputs.map(() => true),
  )
  const operands = valuesOf(inputs)
  const outs = known.equations.length === 0 ? evalJaxpr(known, [], operands) : bind('jit', operands, { ...params, jaxpr: known })
  const stored = residuals.map(({ from, index }) => (from === 'input' ? operands : outs)[index]!)
  const rest = unknownOutputs.includes(true) ? trace.record('jit', [...stored, ...where(inputs, unknownInputs)], { ...params, jaxpr: unknown }) : []
  return merge<Value>(unknownOutputs, rest, outs)
}

/**
 * A carry is unknown if it starts so, or becomes so. Residuals of each iteration are stacked by the known loop; those
 * that are slices of its inputs or outputs are read there, and those that no iteration changes are computed once.
 */
const splitScan: SplitRule<'scan'> = (trace, inputs, params) => {
  const { numConsts, numCarry, jaxpr } = params
  const numYs = jaxpr.outputs.length - numCarry
  const [uConsts, uStart, uXs] = split(inputs.map((t) => !isKnown(t)), numConsts, numCarry)
  let uCarry = uStart!
  const program = (): SplitProgram =>
    partialEvalJaxpr(
      jaxpr,
      [...uConsts!, ...uCarry, ...uXs!],
      [...uCarry, ...new Array<boolean>(numYs).fill(false)],
      // A carry has to be stacked to be kept.
      jaxpr.inputs.map((_, i) => i < numConsts || i >= numConsts + numCarry),
    )
  for (;;) {
    const next = program().unknownOutputs.slice(0, numCarry)
    if (bits(next) === bits(uCarry)) break
    uCarry = next
  }
  const { known, unknown, unknownOutputs, residuals } = program()
  const unknownInputs = [...uConsts!, ...uCarry, ...uXs!]
  const kConsts = count(uConsts!.map((u) => !u))
  const kCarry = count(uCarry.map((u) => !u))
  const knownOutputs = count(unknownOutputs.map((u) => !u))
  const operands = valuesOf(inputs.filter((_, i) => !unknownInputs[i]))

  // Where the unknown loop reads each residual: a constant, or a stack of one value for each iteration.
  const invariants = invariantVars(known, kConsts)
  const hoisted: Var[] = []
  const stacked: Var[] = []
  const places = residuals.map(({ from, index }): { kind: 'operand' | 'hoisted' | 'stacked' | 'ys'; index: number } => {
    if (from === 'input' && (index < kConsts || index >= kConsts + kCarry)) return { kind: 'operand', index }
    if (from === 'output' && index >= kCarry && index < knownOutputs && !invariants.has(varOf(known.outputs[index]!))) return { kind: 'ys', index }
    const v = from === 'input' ? known.inputs[index]! : varOf(known.outputs[index]!)
    const list = invariants.has(v) ? hoisted : stacked
    if (!list.includes(v)) list.push(v)
    return { kind: list === hoisted ? 'hoisted' : 'stacked', index: list.indexOf(v) }
  })
  const outputs = [...known.outputs.slice(0, knownOutputs), ...stacked]
  const loop = clean({ ...known, outputs }, outputs.map(() => true)).jaxpr
  const outs = loop.outputs.length === 0 ? [] : bind('scan', operands, { ...params, jaxpr: loop, numConsts: kConsts, numCarry: kCarry })
  const once = clean({ ...known, inputs: known.inputs.slice(0, kConsts), outputs: hoisted, equations: known.equations.filter((e) => e.outputs.every((v) => invariants.has(v))) }, hoisted.map(() => true)).jaxpr
  const constants = evalJaxpr(once, [], operands.slice(0, kConsts))

  const isConstant = places.map(({ kind, index }) => kind === 'hoisted' || (kind === 'operand' && index < kConsts))
  const stored = places.map(({ kind, index }): Value => {
    if (kind === 'operand') return operands[index]!
    if (kind === 'hoisted') return constants[index]!
    return outs[kind === 'ys' ? index : knownOutputs + index]!
  })
  const [rConsts, rXs] = [where(stored, isConstant), whereNot(stored, isConstant)]
  const first = residuals.length
  const [nConsts, nCarry, nXs] = [count(uConsts!), count(uCarry), count(uXs!)]
  const places0 = range(first)
  const order = [...where(places0, isConstant), ...range(first + nConsts + nCarry + nXs, first), ...whereNot(places0, isConstant)]
  if (!unknownOutputs.includes(true)) return outs.slice(0, knownOutputs)
  const rest = trace.record('scan', [...rConsts, ...where(inputs, unknownInputs), ...rXs], {
    ...params,
    jaxpr: reorder(unknown, order, range(unknown.outputs.length)),
    numConsts: rConsts.length + nConsts,
    numCarry: nCarry,
  })
  return merge<Value>(unknownOutputs, rest, outs)
}

/** Variables that depend on a loop's constants alone. */
function invariantVars(body: Jaxpr, numConsts: number): ReadonlySet<Var> {
  const invariant = new Set<Var>(body.inputs.slice(0, numConsts))
  for (const e of body.equations) {
    if (e.inputs.every((a) => a.kind === 'literal' || invariant.has(a))) e.outputs.forEach((v) => invariant.add(v))
  }
  return invariant
}

export const splitRules: SplitRules & { readonly [P in 'jit' | 'scan']: SplitRule<P> } = { jit: splitJit, scan: splitScan }
