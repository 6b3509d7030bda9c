/** Every table of rules, with a counter around each entry. */
import { cpuRules } from '../../src/backends/cpu/interpret.ts'
import { abstractEval } from '../../src/core/abstract-eval/index.ts'
import { isJaxpr } from '../../src/core/jaxpr-key.ts'
import { type Jaxpr, Var } from '../../src/core/jaxpr.ts'
import { parseJaxpr } from '../../src/core/parse.ts'
import { printJaxpr } from '../../src/core/print.ts'
import { loweringRules } from '../../src/lowering/fusion/rules/index.ts'
import { foldRules } from '../../src/lowering/passes/fold-constants.ts'
import { stackRules } from '../../src/lowering/passes/loops/stack-equation.ts'
import { simplifyRules } from '../../src/lowering/passes/simplify.ts'
import { sizedForm } from '../../src/lowering/wasm/index.ts'
import { applyRules } from '../../src/lowering/wasm/lanes/apply.ts'
import { wgslRules } from '../../src/lowering/wgsl/expression/apply.ts'
import { jvpRules } from '../../src/transforms/jvp/index.ts'
import { splitRules } from '../../src/transforms/linearize/partial-eval.ts'
import { transposeRules } from '../../src/transforms/transpose/index.ts'
import { batchRules } from '../../src/transforms/vmap/index.ts'
import '../families.ts'

/** Calls of each entry of one table; entries that are no rule ('nonlinear') are not there. */
export type Counts = ReadonlyMap<string, number>

/** `does` says by what a call gave whether it counts; without it every call does. */
function counted(table: object, does: ((made: unknown) => boolean) | null = null): Counts {
  const counts = new Map<string, number>()
  const count = (primitive: string): void => void counts.set(primitive, (counts.get(primitive) ?? 0) + 1)
  for (const [primitive, rule] of Object.entries(table)) {
    if (typeof rule !== 'function') continue
    counts.set(primitive, 0)
    // A rule is called as it stands, with whatever it takes.
    const call = rule as (...given: unknown[]) => unknown
    Object.assign(table, {
      [primitive]: (...given: unknown[]) => {
        if (does === null) count(primitive)
        const made = call(...given)
        if (does?.(made) === true) count(primitive)
        return made
      },
    })
  }
  return counts
}

const parsed = new Map(Object.keys(abstractEval).map((p): [string, number] => [p, 0]))

/** The primitives of a program and of the programs inside it, each as often as it stands there. */
function* equationsOf({ equations }: Jaxpr): Generator<string> {
  for (const e of equations) {
    yield e.primitive
    for (const value of Object.values(e.params)) if (isJaxpr(value)) yield* equationsOf(value)
  }
}
export const primitivesOf = (jaxpr: Jaxpr): ReadonlySet<string> => new Set(equationsOf(jaxpr))

/** Writes a program as text, reads it back, and counts what was read. */
export function throughText(jaxpr: Jaxpr): void {
  for (const p of equationsOf(parseJaxpr(printJaxpr(jaxpr)))) parsed.set(p, (parsed.get(p) ?? 0) + 1)
}

/** Beside the elementwise ones, the primitives that have code which reads its sizes. */
const moving = ['transpose', 'broadcastInDim', 'rev', 'slice', 'concatenate', 'pad']
const reducing = ['reduceSum', 'reduceProd', 'reduceMax', 'reduceMin', 'reduceAnd', 'reduceOr', 'reduceXor', 'argmax', 'argmin']
const sized = new Map([...Object.keys(applyRules), ...moving, ...reducing].map((p): [string, number] => [p, 0]))
const emitted = new Set<string>()

/** Makes code that reads its sizes of each operation of a program that has such a form, as eager calls do, and counts them. */
export function asSized({ equations }: Jaxpr): void {
  for (const e of equations) {
    const inputs = e.inputs.map((a) => new Var(a.aval))
    const form = sizedForm({ constVars: [], inputs, equations: [{ ...e, inputs }], outputs: e.outputs })
    if (form === null) continue
    if (!emitted.has(form.key)) new WebAssembly.Module(form.emit(false))
    emitted.add(form.key)
    sized.set(e.primitive, (sized.get(e.primitive) ?? 0) + 1)
  }
}

export const tables: { readonly [name: string]: Counts } = {
  types: counted(abstractEval),
  text: parsed,
  jvp: counted(jvpRules),
  split: counted(splitRules),
  transpose: counted(transposeRules),
  vmap: counted(batchRules),
  cpu: counted(cpuRules),
  fusion: counted(loweringRules),
  wasm: counted(applyRules),
  sized,
  stack: counted(stackRules),
  simplify: counted(simplifyRules, (rewritten) => rewritten !== null),
  fold: counted(foldRules),
  wgsl: counted(wgslRules),
}
