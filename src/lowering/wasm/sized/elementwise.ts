/** Elementwise operations on arrays of any length: of `small` ones four elements a step, the last ones one by one; of others by blocks. */
import { isElementwise } from '../../../core/abstract-eval/index.ts'
import { bytesOf, sizeOf } from '../../../core/aval.ts'
import { dtypeInfo } from '../../../core/dtype.ts'
import { paramKey } from '../../../core/jaxpr-key.ts'
import type { Eqn } from '../../../core/jaxpr.ts'
import type { ElementwiseParams } from '../../../core/primitives/index.ts'
import type { Node } from '../../kernel-ir/index.ts'
import { type FunctionBuilder, type Local, ModuleBuilder } from '../asm/index.ts'
import { applyPrimitive, type Lanes, loadContiguous, loadSplat, storeContiguous, type Value } from '../lanes/index.ts'
import { createHelpers } from '../math/index.ts'
import { type Apply, emitBlocks, type Operand, timeOfBlocks } from './elementwise-blocks.ts'
import { entry } from './entry.ts'
import type { SizedForm } from './form.ts'

export function elementwiseForm(e: Eqn, small: boolean): SizedForm | null {
  const node = applyNode(e)
  if (node === null) return null
  const out = e.outputs[0]!.aval
  // An operand of rank 0 goes with every element.
  const operands = e.inputs.map(({ aval }) => ({ dtype: aval.dtype, single: aval.shape.length === 0 && out.shape.length > 0 }))
  return {
    key: `${small ? '' : 'blocks '}${e.primitive} ${paramKey(e.params)} ${operands.map((o) => o.dtype + (o.single ? '1' : 'n')).join(' ')} ${out.dtype}`,
    emit: (shared) => (small ? emit : emitBlocks)(node, operands, shared),
    words: [sizeOf(out.shape)],
    over: e.inputs.findIndex(({ aval }, i) => !operands[i]!.single && aval.dtype === out.dtype && bytesOf(aval) === bytesOf(out)),
    scratchBytes: 0,
    sharedTime: small ? 0 : timeOfBlocks(node, operands, sizeOf(out.shape)),
  }
}

function applyNode(e: Eqn): Apply | null {
  if (!isElementwise(e.primitive)) return null
  // The equation's primitive is one of ElementwiseParams, with its parameters: that is what was asked.
  const { primitive, params } = e as { primitive: keyof ElementwiseParams; params: ElementwiseParams[keyof ElementwiseParams] }
  return { op: 'apply', primitive, params, dtype: e.outputs[0]!.aval.dtype, inputs: e.inputs.map((_, i) => i) } as Apply
}

function emit(node: Apply, operands: readonly Operand[], shared: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ hoist: true })
  const { fn, pointers, word } = entry(module, operands.length + 1, shared)
  const helpers = createHelpers(module)
  const n = word(0)
  const out = pointers.pop()!
  // What the table asks of operands is their dtype.
  const typed = operands.map(({ dtype }): Node => ({ op: 'reduced', dtype, stage: 0, output: 0 }))
  const singles = operands.map(({ dtype, single }, i) => (single ? loadSplat(fn, dtype, { local: pointers[i]!, offset: 0 }) : null))
  const step = (lanes: Lanes): void => {
    fn.scope(() => {
      const values = operands.map(({ dtype }, i): Value => singles[i] ?? loadContiguous(fn, dtype, lanes, { local: pointers[i]!, offset: 0 }))
      storeContiguous(fn, node.dtype, lanes, { local: out, offset: 0 }, applyPrimitive({ fn, helpers }, node, values, typed))
      operands.forEach(({ dtype, single }, i) => single || advance(fn, pointers[i]!, lanes * dtypeInfo[dtype].bytes))
      advance(fn, out, lanes * dtypeInfo[node.dtype].bytes)
    })
  }
  const at = fn.local('i32', 'at')
  const wide = fn.local('i32', 'wide')
  fn.get(n).i32(-4).emit('i32.and').set(wide)
  fn.forLoop(at, 0, wide, 4, () => step(4))
  fn.forLoop(at, wide, n, 1, () => step(1))
  return module.toBytes()
}

const advance = (fn: FunctionBuilder, pointer: Local, bytes: number): void => void fn.get(pointer).i32(bytes).emit('i32.add').set(pointer)
