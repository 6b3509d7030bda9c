/** Which loops one workgroup runs by itself: those whose every iteration is little work. */
import { sizeOf } from '../../../core/aval.ts'
import { cutDepth } from '../../depth-cuts.ts'
import { type ContractionKernel, contractionAsLoop, type LoopKernel, type LoopStep, type Step } from '../../kernel-ir/index.ts'
import { planWinograd } from '../../winograd/plan.ts'
import { thinAsLoop } from '../contraction/contraction.ts'
import type { KernelContext } from '../shader/kernel-context.ts'
import { flattened, stagesGoTogether } from '../loop-kernel/loop-kernel.ts'
import { layoutOfStages } from '../loop-kernel/loop-parts.ts'
import type { RowLayout } from '../loop-kernel/row-layout.ts'
import { isFloatSum } from '../loop-kernel/sum-form.ts'
import { storedType } from '../shader/types.ts'

/** What a workgroup does between two barriers, or a loop of that. */
export type Unit =
  /** `plain`: sums are those of a tile of a product. */
  | { readonly kind: 'kernel'; readonly kernel: LoopKernel; readonly plain: boolean }
  | { readonly kind: 'loop'; readonly step: LoopStep; readonly units: readonly Unit[] }

/** The kernels of a loop's body in their order, each with the sums that its own shaders would have; null where one of them has no such form. */
export function unitsOf(context: KernelContext, steps: readonly Step[]): Unit[] | null {
  const units: Unit[] = []
  for (const step of steps) {
    const some = step.kind === 'loop' ? nested(context, step) : unitsOfKernel(context, step.kernel)
    if (some === null) return null
    units.push(...some)
  }
  return units
}

function nested(context: KernelContext, step: LoopStep): Unit[] | null {
  const units = unitsOf(context, step.body)
  return units && [{ kind: 'loop', step, units }]
}

function unitsOfKernel(context: KernelContext, kernel: Extract<Step, { kind: 'kernel' }>['kernel']): Unit[] | null {
  switch (kernel.kind) {
    case 'loop':
      return asUnit(kernel)
    case 'contraction': {
      const thin = thinAsLoop(kernel)
      if (thin !== null) return asUnit(thin)
      return isOneTile(context, kernel) ? [{ kind: 'kernel', kernel: contractionAsLoop(kernel), plain: true }] : null
    }
    case 'scatter':
    case 'sort':
      return null
  }
}

function asUnit(given: LoopKernel): Unit[] | null {
  const kernel = flattened(given)
  if (sizeOf(kernel.space) === 0) return []
  return stagesGoTogether(kernel) ? [{ kind: 'kernel', kernel, plain: false }] : null
}

/** Whether a tile's shader adds up all products of a result one after the other. */
const isOneTile = (context: KernelContext, kernel: ContractionKernel): boolean => cutDepth(kernel.k).blocks === 1 && !(context.winograd && planWinograd(kernel, 0) !== null)

/** Nodes that are evaluated. */
export function workOf(unit: Unit): number {
  if (unit.kind === 'loop') return unit.step.count * sum(unit.units.map(workOf))
  const { space, stages } = unit.kernel
  return sizeOf(space) * sum(stages.map((s) => sizeOf(s.inner) * s.nodes.length))
}

/** How often barriers are come to, loops inside counted by their iterations. */
export const iterationsOf = (units: readonly Unit[]): number => Math.max(1, sum(units.map((u) => (u.kind === 'loop' ? u.step.count * iterationsOf(u.units) : 0))))

export const kernelsOfUnits = (units: readonly Unit[]): LoopKernel[] => units.flatMap((u) => (u.kind === 'loop' ? kernelsOfUnits(u.units) : u.kernel))

/** Invocations of any workgroup, at most. */
const most = 256

const layoutsOf = (units: readonly Unit[]): RowLayout[] =>
  units.flatMap((u) => (u.kind === 'loop' ? layoutsOf(u.units) : layoutOfStages(u.kernel, u.kernel.stages, { saved: new Map(), rows: 0, plain: u.plain })))

/** Invocations of the workgroup: one a point, if there are as many, or as many as share rows. More than that would only come to barriers. */
export function threadsFor(units: readonly Unit[]): number {
  const points = Math.max(1, ...kernelsOfUnits(units).map((k) => sizeOf(k.space)))
  const alone = Math.min(most, 2 ** Math.ceil(Math.log2(points)))
  return Math.max(...layoutsOf(units).map(({ lanes, points }) => (lanes > 1 ? lanes * points : alone)))
}

/** Bytes of workgroup memory in which rows that several invocations share are folded, at most. */
export function bytesOfTrees(units: readonly Unit[]): number {
  if (layoutsOf(units).every(({ lanes }) => lanes === 1)) return 0
  const folds = kernelsOfUnits(units).flatMap((k) => k.stages.filter((s) => s.kind === 'reduce'))
  const types = new Set(folds.flatMap((s) => s.accumulators.map((a) => (isFloatSum(s, a) ? 'sum' : storedType(a.dtype)))))
  // Each type has slots of its own; pairs and extrema with their places take two words.
  return 8 * threadsFor(units) * types.size * Math.max(0, ...folds.map((s) => s.accumulators.length))
}

const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)
