/** The random bit generator: two maps, one a word; expressions that use both compute them once. */
import type { RandomParams } from '../../../core/primitives/index.ts'
import type { NodeId } from '../../kernel-ir/index.ts'
import type { LoweringRules } from '../graph.ts'
import { shapeOf } from '../value.ts'

export const randomLowering: LoweringRules<keyof RandomParams> = {
  threefry2x32: (g, inputs) => {
    const shape = inputs.map(shapeOf).find((s) => s.length > 0) ?? []
    return ([0, 1] as const).map((word) =>
      g.map(shape, 'uint32', 120, (b, i) => {
        const [key0, key1, count0, count1] = inputs.map((x) => b.read(x, i)) as [NodeId, NodeId, NodeId, NodeId]
        return b.put({ op: 'threefry', dtype: 'uint32', word, inputs: [key0, key1, count0, count1] })
      }),
    )
  },
}
