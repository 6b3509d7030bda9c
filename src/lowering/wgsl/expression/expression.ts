/** Expressions of the kernel IR as WGSL statements: one `let` a node. */
import { type Expression, neededBy, type Node, type NodeId, type Position, type Store } from '../../kernel-ir/index.ts'
import { applyText, inRange } from './apply.ts'
import type { Bindings } from '../shader/bindings.ts'
import { bitcastText } from '../shader/bits.ts'
import { guardText, indexText, type Variables } from './index-text.ts'
import { literalOf, typeOf } from '../shader/types.ts'

/** What a stage's text is made with. */
export interface Scope {
  readonly bindings: Bindings
  readonly variables: Variables
  /** Distinguishes the names of stages in one function. */
  readonly prefix: string
  /** Results of earlier stages. */
  readonly reduced: (stage: number, output: number) => string
  readonly accumulator: (output: number) => string
  /** Where an element that is loaded is kept in the invocation: what it is called there, and whether that is written or read. */
  readonly kept?: (node: Extract<Node, { op: 'load' }>) => { readonly name: string; readonly fills: boolean } | null
}

interface Text {
  readonly statements: readonly string[]
  /** The text of each node's value: a name, or a literal; of nodes that no root needs, nothing. */
  readonly values: readonly string[]
}

/** Statements for the nodes that `roots` need; without roots, for all. Nodes that are `known` have their values already. */
export function expressionText(scope: Scope, nodes: Expression, roots?: readonly NodeId[], known: readonly string[] = []): Text {
  const needed = roots === undefined ? null : neededBy(nodes, roots)
  const statements: string[] = []
  const values: string[] = []
  const twins = new Map<string, number>()
  nodes.forEach((node, id) => {
    if (known[id] !== undefined && known[id] !== '') {
      values.push(known[id])
      return
    }
    if (needed !== null && !needed.has(id)) {
      values.push('')
      return
    }
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

/** What shader compilers calculate with constants as if numbers were exact: (x + 1) - 1 would be x, and NaN times 0 would be 0. */
const foldable: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'div'])
const hidden = (node: Node, text: string): string => (node.op === 'literal' && typeOf(node.dtype) === 'f32' ? `opaque(${text})` : text)

function statement(scope: Scope, node: Node, name: string, nodes: Expression, values: readonly string[]): string {
  const text = (id: NodeId): string => values[id]!
  const { bindings, variables } = scope
  const guarded = (guards: readonly string[], read: string, node: Extract<Node, { op: 'load' | 'gather' }>): string =>
    guards.length === 0 ? `let ${name} = ${read};` : `var ${name} = ${literalOf(node.dtype, node.otherwise)}; if (${guards.join(' & ')}) { ${name} = ${read}; }`
  switch (node.op) {
    case 'load': {
      const kept = scope.kept?.(node) ?? null
      if (kept?.fills === false) return `let ${name} = ${kept.name};`
      const guard = guardText(node.guards, variables)
      const read = guarded(guard === null ? [] : [guard], bindings.read(node.buffer, node.dtype, indexText(node.index, variables)), node)
      return kept === null ? read : `${read} ${kept.name} = ${name};`
    }
    case 'gather': {
      const at = positionText(indexText(node.index, variables), node.positions, text)
      const guards = [guardText(node.guards, variables), node.mode === 'fill' ? withinText(node.positions, text) : null].filter((g) => g !== null)
      return guarded(guards, bindings.read(node.buffer, node.dtype, at), node)
    }
    case 'index': {
      const index = indexText(node.index, variables)
      const type = typeOf(node.dtype)
      return `let ${name} = ${inRange(node.dtype, type === 'i32' ? index : `${type}(${index})`)};`
    }
    case 'guarded':
      return `let ${name} = select(${text(node.outside)}, ${text(node.inside)}, ${guardText(node.guards, variables) ?? 'true'});`
    case 'apply':
      return `let ${name} = ${applyText(node, node.inputs.map((i) => (foldable.has(node.primitive) ? hidden(nodes[i]!, text(i)) : text(i))), node.inputs.map((i) => nodes[i]!.dtype))};`
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

/** The statement that stores a node. */
export const storeText = (scope: Scope, { buffer, index, node }: Store, values: readonly string[], nodes: Expression): string =>
  scope.bindings.write(buffer, nodes[node]!.dtype, indexText(index, scope.variables), values[node]!)

export const positionText = (index: string, positions: readonly Position[], text: (id: NodeId) => string): string =>
  `(${[index, ...positions.map(({ position, stride, limit }) => `clamp(${text(position)}, 0i, ${limit}i) * ${stride}i`)].join(' + ')})`

export const withinText = (positions: readonly Position[], text: (id: NodeId) => string): string =>
  positions.length === 0 ? 'true' : positions.map(({ position, limit }) => `(${text(position)} >= 0i) & (${text(position)} <= ${limit}i)`).join(' & ')
