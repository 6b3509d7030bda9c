/**
 * Many single updates of few elements: the updates in chunks, each into a copy of its own that begins with what changes nothing, then the copies
 * into the operand, in order. Chunks are fixed by shape, so results do not depend on how many threads there are.
 *
 * Products of floats stay in order: a part of them may overflow where the whole of them does not. So do sets: the last one wins.
 */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { type BufferId, buffersOf, dimIndex, type Index, type LoopKernel, type Node, pushConverted, type ScatterKernel } from '../../kernel-ir/index.ts'
import { identity, primitiveOf } from '../lanes/index.ts'
import { emitLoopKernel } from './loop-kernel.ts'
import type { EmitContext, EmittedKernel, Phase } from './phase.ts'
import { emitUpdates, type Updates } from './scatter-updates.ts'

type Combining = Exclude<ScatterKernel['combine'], 'set'>

const chunks = 8
/** Updates of an element, on average, from which its copies cost little beside them. */
const updatesOfElement = 16
/** Updates from which threads are worth it. */
const manyUpdates = 2 ** 15
/** Columns that are worth sharing instead: each element is then updated in order. */
const fewColumns = 16


export function scatterInCopies(context: EmitContext, name: string, given: ScatterKernel, updates: Updates, outBytes: number): EmittedKernel | null {
  const { dtype, combine } = given
  const { kind, bytes } = dtypeInfo[dtype]
  const elements = outBytes / bytes
  const { kernel, columns, units } = updates
  const count = kernel.space.reduce((a, b) => a * b, 1)
  if (combine === 'set' || (kind !== 'float' && kind !== 'int' && kind !== 'uint') || (combine === 'prod' && kind === 'float')) return null
  if (columns > fewColumns || units < 16 * chunks || count < manyUpdates || count < updatesOfElement * elements) return null
  // Halves are added up in float32: rounding each sum to a half would be slower and less accurate.
  const wide: DType = kind === 'float' && bytes === 2 && combine === 'sum' ? 'float32' : dtype
  const buffers = buffersOf(given)
  const copies: BufferId = Math.max(...buffers) + 1
  const copyBytes = Math.ceil((elements * dtypeInfo[wide].bytes) / 64) * 64
  const nodes = kernel.nodes.slice()
  const value = pushConverted(nodes, kernel.value, wide)
  const chunked = emitChunks(context, name, combine, { ...updates, kernel: { ...kernel, dtype: wide, operand: copies, out: copies, nodes, value } }, elements, copyBytes)
  const summed = emitLoopKernel(context.module, context.helpers, `${name}_sum`, combination(given, combine, copies, wide, elements, copyBytes / dtypeInfo[wide].bytes))
  const pointer = (buffer: BufferId): Phase['pointers'][number] => (buffer === copies ? { scratch: 0 } : { buffer: buffers.indexOf(buffer) })
  return {
    phases: [
      { kind: 'units', fn: chunked.fn, units: chunks, unitsPerCall: 1, sequential: false, time: updates.time, pointers: chunked.buffers.map(pointer) },
      { kind: 'units', fn: summed.fn, units: summed.units, unitsPerCall: summed.unitsPerCall, sequential: false, time: summed.time, pointers: summed.buffers.map(pointer) },
    ],
    scratchBytes: chunks * copyBytes,
    ownBytes: 0,
  }
}

/** `(begin, end, copies, ...pointers)` over chunks: each fills its copy, and updates it in several calls, so that optimised code is entered soon. */
function emitChunks(context: EmitContext, name: string, combine: Combining, updates: Updates, elements: number, copyBytes: number): Pick<ReturnType<typeof emitLoopKernel>, 'fn' | 'buffers'> {
  const { module, helpers } = context
  const { kernel, units, columns } = updates
  const nothing = combine === 'sum' && dtypeInfo[kernel.dtype].kind === 'float' ? -0 : identity(combine, kernel.dtype)
  const fill = emitLoopKernel(module, helpers, `${name}_fill`, {
    kind: 'loop',
    name: kernel.name,
    space: [elements],
    stages: [{ kind: 'map', inner: [], nodes: [{ op: 'literal', dtype: kernel.dtype, value: nothing }], stores: [{ buffer: kernel.out, index: dimIndex(0), node: 0 }] }],
  })
  const update = emitUpdates(context, `${name}_updates`, updates)
  const buffers = buffersOf(kernel)
  const length = 4 * Math.ceil(units / chunks / 4)
  const step = 4 * Math.ceil(length / 16 / 4)
  const fn = module.function(name, ['i32', 'i32', ...buffers.map(() => 'i32' as const)])
  const [chunk, copy, at, stop, end] = [fn.local('i32', 'chunk'), fn.local('i32', 'copy'), fn.local('i32', 'at'), fn.local('i32', 'stop'), fn.local('i32', 'end')]
  fn.forLoop(chunk, fn.param(0), fn.param(1), 1, () => {
    fn.get(fn.param(2)).get(chunk).i32(copyBytes).emit('i32.mul').emit('i32.add').set(copy)
    fn.i32(0).i32(fill.units).get(copy).call(fill.fn)
    fn.get(chunk).i32(length).emit('i32.mul').set(at)
    fn.get(at).i32(length).emit('i32.add').tee(stop).i32(units).get(stop).i32(units).emit('i32.lt_u').select().set(stop)
    fn.forLoop(at, at, stop, step, () => {
      fn.get(at).i32(step).emit('i32.add').tee(end).get(stop).get(end).get(stop).emit('i32.lt_u').select().set(end)
      fn.get(at).get(end).i32(0).i32(columns).get(copy)
      for (let i = 1; i < buffers.length; i++) fn.get(fn.param(2 + i))
      fn.call(update)
    })
  })
  return { fn, buffers }
}

/** out = operand, with every copy in order. */
function combination({ name, operand, out, dtype }: ScatterKernel, combine: Combining, copies: BufferId, wide: DType, elements: number, copyElements: number): LoopKernel {
  const load = (buffer: BufferId, type: DType, index: Index): Node => ({ op: 'load', dtype: type, buffer, index, guards: [], otherwise: 0 })
  const nodes: Node[] = [load(operand, dtype, dimIndex(0))]
  let sum = pushConverted(nodes, 0, wide)
  for (let i = 0; i < chunks; i++) {
    const copy = nodes.push(load(copies, wide, { ...dimIndex(0), constant: i * copyElements })) - 1
    sum = nodes.push({ op: 'apply', primitive: primitiveOf[combine], params: {}, dtype: wide, inputs: [sum, copy] } as Node) - 1 // a union of primitives is not a union of nodes to TypeScript
  }
  const node = pushConverted(nodes, sum, dtype)
  return { kind: 'loop', name, space: [elements], stages: [{ kind: 'map', inner: [], nodes, stores: [{ buffer: out, index: dimIndex(0), node }] }] }
}
