/** Equations whose results nobody reads are dropped, inside jit and scan too. */
import { type Atom, type Eqn, eqn, type Jaxpr, type Var } from '../../core/jaxpr.ts'
import { bits, cachedBy, split, where } from './jaxprs.ts'

interface Cleaned {
  /** With the used outputs alone; inputs as they were, or only the used ones. */
  readonly jaxpr: Jaxpr
  /** Of constVars and inputs. */
  readonly usedConsts: readonly boolean[]
  readonly usedInputs: readonly boolean[]
}

/** The program for some of its outputs. Inputs stay as they are; `usedInputs` says which are read. */
export const clean: (jaxpr: Jaxpr, usedOutputs: readonly boolean[]) => Cleaned = cachedBy(bits, (jaxpr, usedOutputs) => {
  const live = new Set<Var>()
  const use = (a: Atom): void => {
    if (a.kind === 'var') live.add(a)
  }
  const outputs = where(jaxpr.outputs, usedOutputs)
  outputs.forEach(use)
  const kept: Eqn[] = []
  for (const e of jaxpr.equations.toReversed()) {
    const used = e.outputs.map((v) => live.has(v))
    if (!used.includes(true)) continue
    const smaller = cleanEquation(e, used)
    smaller.inputs.forEach(use)
    kept.push(smaller)
  }
  const whole = kept.length === jaxpr.equations.length && outputs.length === jaxpr.outputs.length && kept.every((e, i) => e === jaxpr.equations[kept.length - 1 - i])
  return {
    jaxpr: whole ? jaxpr : { ...jaxpr, equations: kept.reverse(), outputs },
    usedConsts: jaxpr.constVars.map((v) => live.has(v)),
    usedInputs: jaxpr.inputs.map((v) => live.has(v)),
  }
})

/** The program for some of its outputs, with the inputs that those need. */
export const cleanInputs: (jaxpr: Jaxpr, usedOutputs: readonly boolean[]) => Cleaned = cachedBy(bits, (jaxpr, usedOutputs) => {
  const cleaned = clean(jaxpr, usedOutputs)
  const { usedConsts, usedInputs } = cleaned
  if (!usedConsts.includes(false) && !usedInputs.includes(false)) return cleaned
  const constVars = where(jaxpr.constVars, usedConsts)
  return { ...cleaned, jaxpr: { ...cleaned.jaxpr, constVars, inputs: where(jaxpr.inputs, usedInputs) } }
})

function cleanEquation(e: Eqn, used: readonly boolean[]): Eqn {
  switch (e.primitive) {
    case 'jit': {
      const { jaxpr, usedInputs } = cleanInputs(e.params.jaxpr, used)
      if (jaxpr === e.params.jaxpr) return e
      return eqn('jit', { ...e.params, jaxpr }, where(e.inputs, usedInputs), where(e.outputs, used))
    }
    case 'scan':
      return cleanScan(e, used)
    default:
      return e
  }
}

/** A carry is needed when it is read, or when the next iteration needs it for anything that is. */
function cleanScan(e: Eqn<'scan'>, used: readonly boolean[]): Eqn {
  const { jaxpr, numConsts, numCarry } = e.params
  const [usedCarry, usedYs] = split(used, numCarry)
  let carry = usedCarry!
  for (;;) {
    const { usedInputs } = clean(jaxpr, [...carry, ...usedYs!])
    const next = carry.map((u, i) => u || usedInputs[numConsts + i]!)
    if (bits(next) === bits(carry)) break
    carry = next
  }
  const wanted = [...carry, ...usedYs!]
  const { usedInputs } = clean(jaxpr, wanted)
  const keep = usedInputs.map((u, i) => u || (i >= numConsts && i < numConsts + numCarry && carry[i - numConsts]!))
  if (!wanted.includes(false) && !keep.includes(false)) return e
  const body = clean(jaxpr, wanted).jaxpr
  const [consts, carries] = split(keep, numConsts, numCarry)
  return eqn(
    'scan',
    { ...e.params, jaxpr: { ...body, inputs: where(body.inputs, keep) }, numConsts: where(consts!, consts!).length, numCarry: where(carries!, carries!).length },
    where(e.inputs, keep),
    where(e.outputs, wanted),
  )
}
