/** Expressions of the kernel IR as WGSL statements: one `let` a node. */
import type { DType } from '../../core/dtype.ts'
import { DeviceError } from '../../core/errors.ts'
import type { Expression, Node, NodeId, Position, Store } from '../kernel-ir/index.ts'
import { applyText } from './apply.ts'
import { guardText, indexText, type Variables } from './index-text.ts'
import { type Buffers, bytesPerElement } from './shader.ts'
import { fromStored, literalOf, toStored, typeOf } from './types.ts'

/** What a stage's text is made with. */
export interface Scope {
  readonly buffers: Buffers
  readonly variables: Variables
  /** Distinguishes the names of stages in one function. */
  readonly prefix: string
  /** The names of earlier stages' results. */
  readonly reduced: (stage: number, output: number) => string
  readonly accumulator: (output: number) => string
}

export interface Text {
  readonly statements: readonly string[]
  /** The text of each node's value: a name, or a literal. */
  readonly values: readonly string[]
}

export function expressionText(scope: Scope, nodes: Expression): Text {
  const statements: string[] = []
  const values: string[] = []
  const twins = new Map<string, number>()
  nodes.forEach((node, id) => {
    if (node.op === 'literal') {
      values.push(literalOf(node.dtype, node.value))
      return
    }
    const name = `${scope.prefix}${id}`
    // The two words of one threefry are one call.
    if (node.op === 'threefry') {
      const key = node.inputs.join()
      const twin = twins.get(key)
      if (twin === undefined) {
        twins.set(key, id)
        statements.push(`let ${name} = threefry(${node.inputs.map((i) => values[i]).join(', ')});`)
      }
      values.push(`${scope.prefix}${twin ?? id}.${node.word === 0 ? 'x' : 'y'}`)
      return
    }
    statements.push(statement(scope, node, name, nodes, values))
    values.push(name)
  })
  return { statements, values }
}

function statement(scope: Scope, node: Node, name: string, nodes: Expression, values: readonly string[]): string {
  const text = (id: NodeId): string => values[id]!
  switch (node.op) {
    case 'load': {
      const guard = guardText(node.guards, scope.variables)
      const read = loadText(scope.buffers, node.buffer, node.dtype, indexText(node.index, scope.variables))
      return guard === null ? `let ${name} = ${read};` : `var ${name} = ${literalOf(node.dtype, node.otherwise)}; if (${guard}) { ${name} = ${read}; }`
    }
    case 'gather': {
      const at = positionText(indexText(node.index, scope.variables), node.positions, text)
      const guards = [guardText(node.guards, scope.variables), node.mode === 'fill' ? withinText(node.positions, text) : null].filter((g) => g !== null)
      const read = loadText(scope.buffers, node.buffer, node.dtype, at)
      return guards.length === 0 ? `let ${name} = ${read};` : `var ${name} = ${literalOf(node.dtype, node.otherwise)}; if (${guards.join(' && ')}) { ${name} = ${read}; }`
    }
    case 'index': {
      const index = indexText(node.index, scope.variables)
      const type = typeOf(node.dtype)
      return `let ${name} = ${type === 'i32' ? index : `${type}(${index})`};`
    }
    case 'guarded':
      return `let ${name} = select(${text(node.outside)}, ${text(node.inside)}, ${guardText(node.guards, scope.variables) ?? 'true'});`
    case 'apply':
      return `let ${name} = ${applyText(node, node.inputs.map(text), node.inputs.map((i) => nodes[i]!.dtype))};`
    case 'bitcast':
      return `let ${name} = ${bitcastText(nodes[node.input]!.dtype, node.dtype, text(node.input))};`
    case 'reduced':
      return `let ${name} = ${scope.reduced(node.stage, node.output)};`
    case 'accumulator':
      return `let ${name} = ${scope.accumulator(node.output)};`
    case 'literal':
    case 'threefry':
      return ''
  }
}

/** An element of a buffer as a value of `dtype`, which may read its bits as another type. */
function loadText(buffers: Buffers, buffer: number, dtype: DType, index: string): string {
  const stored = buffers.dtype(buffer)
  const word = buffers.place(buffer, index)
  if (stored === dtype) return dtype === 'key' ? `vec2<u32>(${buffers.place(buffer, `2i * ${index}`)}, ${buffers.place(buffer, `2i * ${index} + 1i`)})` : fromStored(dtype, word)
  if (stored === 'key' && bytesPerElement(dtype) === 4) return bitcastText('uint32', dtype, word)
  return bitcastText(stored, dtype, fromStored(stored, word))
}

/** The statement that stores a node, as one or two words. */
export function storeText(scope: Scope, { buffer, index, node }: Store, text: Text, nodes: Expression): string {
  const { buffers } = scope
  const dtype = buffers.dtype(buffer)
  const from = nodes[node]!.dtype
  const value = from === dtype ? text.values[node]! : bitcastText(from, dtype, text.values[node]!)
  const at = indexText(index, scope.variables)
  if (dtype === 'key') return `{ let at = 2i * ${at}; ${buffers.place(buffer, 'at')} = ${value}.x; ${buffers.place(buffer, 'at + 1i')} = ${value}.y; }`
  return `${buffers.place(buffer, at)} = ${toStored(dtype, value)};`
}

/** The same bits as another dtype of the same width, elements standing in words of their own. */
function bitcastText(from: DType, to: DType, text: string): string {
  if (from === to) return text
  const width = bytesPerElement(from)
  if (width !== bytesPerElement(to)) {
    throw new DeviceError('bitcastConvertType', `from ${from} to ${to} changes the width of elements, which 'webgpu' cannot: they take a word each; do this part on 'wasm' with devicePut`)
  }
  const bits = bitsText(from, text)
  switch (typeOf(to)) {
    case 'f32':
      return to === 'float16' ? `unpack2x16float(${bits}).x` : to === 'bfloat16' ? `bitcast<f32>(${bits} << 16u)` : `bitcast<f32>(${bits})`
    case 'i32':
      return width < 4 ? `extractBits(bitcast<i32>(${bits}), 0u, ${8 * width}u)` : `bitcast<i32>(${bits})`
    case 'u32':
      return bits
    case 'bool':
      return `(${bits} != 0u)`
    case 'vec2<u32>':
      return text
  }
}

/** The bits of a value in the low end of a u32. */
function bitsText(dtype: DType, text: string): string {
  if (dtype === 'float16') return `(pack2x16float(vec2<f32>(${text}, 0.0f)) & 0xffffu)`
  if (dtype === 'bfloat16') return `(bitcast<u32>(${text}) >> 16u)`
  switch (typeOf(dtype)) {
    case 'f32':
      return `bitcast<u32>(${text})`
    case 'i32':
      return bytesPerElement(dtype) < 4 ? `extractBits(bitcast<u32>(${text}), 0u, ${8 * bytesPerElement(dtype)}u)` : `bitcast<u32>(${text})`
    case 'bool':
      return `u32(${text})`
    case 'u32':
    case 'vec2<u32>':
      return text
  }
}

export const positionText = (index: string, positions: readonly Position[], text: (id: NodeId) => string): string =>
  `(${[index, ...positions.map(({ position, stride, limit }) => `clamp(${text(position)}, 0i, ${limit}i) * ${stride}i`)].join(' + ')})`

export const withinText = (positions: readonly Position[], text: (id: NodeId) => string): string =>
  positions.length === 0 ? 'true' : positions.map(({ position, limit }) => `${text(position)} >= 0i && ${text(position)} <= ${limit}i`).join(' && ')
