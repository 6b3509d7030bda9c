/** A scan: a loop whose body is a region of its own. */
import { aval, type Aval } from '../../../core/aval.ts'
import type { Graph, LoweringRules } from '../graph.ts'
import { isLiteral, type Loop, type Operand, storage, store, type Value } from '../value.ts'

/** Constants that cost nothing to read are written into the body; others stand in memory. */
function fromOutside(x: Operand): Operand {
  if (isLiteral(x) || (x.def.kind === 'map' && x.def.structural)) return x
  store(x)
  return x
}

const slice = (a: Aval): Aval => aval(a.shape.slice(1), a.dtype)

export const scansLowering: LoweringRules<'scan'> = {
  scan: (g, inputs, { length, reverse, numConsts, numCarry, jaxpr }, outs) => {
    const whole = (x: Operand): Value => {
      const v = g.array(x)
      store(v)
      return v
    }
    const consts = inputs.slice(0, numConsts).map(fromOutside)
    const initial = inputs.slice(numConsts, numConsts + numCarry).map(whole)
    if (length === 0) return [...initial, ...outs.slice(numCarry).map((o) => g.structural(o.shape, o.dtype, (b) => b.literal(o.dtype, 0)))]
    const stacked = inputs.slice(numConsts + numCarry).map(whole)

    const body = g.inner()
    const current = initial.map((v) => body.given(aval(v.shape, v.dtype)))
    const slices = stacked.map((v) => body.given(slice(aval(v.shape, v.dtype))))
    const results = body.run(jaxpr, [...consts, ...current, ...slices])
    // Each result of the body has a place of its own to go to, whatever it is: a value is written to every place that waits for it.
    const taken = new Set<Value>()
    const sinks = results.map((x, i) => sink(body, x, jaxpr.outputs[i]!.aval, taken))
    const finals = outs.map((o) => g.given(o))
    const loop: Loop = {
      count: length,
      reverse,
      carries: initial.map((v, i) => ({ initial: v, current: current[i]!, next: sinks[i]!, final: finals[i]! })),
      xs: stacked.map((v, i) => ({ whole: v, slice: slices[i]! })),
      ys: finals.slice(numCarry).map((v, i) => ({ whole: v, slice: sinks[numCarry + i]! })),
      body: body.region,
    }
    for (const v of finals) v.def = { kind: 'loop', loop }
    return finals
  },
}

/**
 * A value of the body itself: what comes from outside, or is given, is copied; so is what its kernel can write to one
 * place only, when it is wanted in a second.
 */
function sink(body: Graph, x: Operand, a: Aval, taken: Set<Value>): Value {
  if (!isLiteral(x)) {
    const s = storage(x)
    const single = s.def.kind === 'scatter' || s.def.kind === 'sort' || s.def.kind === 'loop'
    if (s.region === body.region && s.def.kind !== 'given' && !(single && taken.has(s))) {
      taken.add(s)
      return store(x)
    }
  }
  const copy = body.map(a.shape, a.dtype, 0, (b, i) => b.read(x, i))
  copy.stored = true
  return copy
}
