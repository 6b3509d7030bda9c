/**
 * Builds one expression. Reading a value either loads it or writes its definition in place: the reader (`Scope`)
 * decides. Equal nodes are written once.
 */
import type { DType } from '../../core/dtype.ts'
import { decodeNumbers, scalarBytes } from '../../core/bytes.ts'
import { dtypeInfo } from '../../core/dtype.ts'
import { InternalError } from '../../core/errors.ts'
import { paramKey } from '../../core/jaxpr-key.ts'
import type { ElementwiseParams } from '../../core/primitives/index.ts'
import { flattenIndex, type Guard, guardKey, type Index, indexKey, type Node, type NodeId, reduceGuards, type Sizes } from '../kernel-ir/index.ts'
import { isLiteral, type Operand, storage, type Value } from './value.ts'

/** What the place of an expression knows of the values it reads. */
export interface Scope {
  /**
   * How to read `v` at `index`: 'expand' (write its definition here), 'load' (from memory), or a node that holds it.
   * @throws unfusable when it can be had in no way here.
   */
  resolve(v: Value, index: readonly Index[]): 'expand' | 'load' | Node
  /** What a load node names as its buffer. */
  buffer(v: Value): number
  /** Told of every load, of values in memory. */
  loaded?(v: Value, index: readonly Index[], guards: readonly Guard[]): void
}

/** Thrown where an expression cannot stand in the kernel it was tried in. One for all: nobody looks at its stack. */
export const unfusable: Error = new Error('an expression cannot stand in this kernel')

const isZero = (x: number | boolean): boolean => Object.is(Number(x), 0)

function applyKey(params: object): string {
  for (const _ in params) return paramKey(params)
  return ''
}

export class Builder {
  readonly nodes: Node[] = []
  readonly sizes: Sizes
  readonly #scope: Scope
  readonly #known = new Map<string, NodeId>()
  readonly #reads = new Map<string, NodeId>()
  #guards: readonly Guard[] = []
  #guardsKey = ''
  // Loads whose `otherwise` nobody looks at: they stand inside a `guarded` node.
  readonly #carefree = new Set<NodeId>()

  constructor(sizes: Sizes, scope: Scope) {
    this.sizes = sizes
    this.#scope = scope
  }

  /** The value of an operand at an index; a scalar may be read at any. */
  read(x: Operand, index: readonly Index[]): NodeId {
    if (isLiteral(x)) return this.literal(x.aval.dtype, x.value)
    const at = x.shape.length === 0 ? [] : index
    const key = `${x.id}@${at.map(indexKey).join()}|${this.#guardsKey}`
    const known = this.#reads.get(key)
    if (known !== undefined) return known
    const node = this.#resolve(x, at)
    this.#reads.set(key, node)
    return node
  }

  #resolve(v: Value, index: readonly Index[]): NodeId {
    if (v.def.kind === 'alias') {
      // The same bytes under another shape: flat positions are equal.
      const of = storage(v)
      return this.loadAs(of, v.dtype, flattenIndex(index, v.shape, this.sizes))
    }
    const way = this.#scope.resolve(v, index)
    if (way === 'load') return this.#load(v, index)
    if (way !== 'expand') return this.put(way)
    if (v.def.kind !== 'map') throw new InternalError('fusion', `value ${v.id} (${v.def.kind}) cannot be written in place`)
    return v.def.at(this, index)
  }

  #load(v: Value, index: readonly Index[]): NodeId {
    this.#scope.loaded?.(v, index, this.#guards)
    const flat = flattenIndex(index, v.shape, this.sizes)
    return this.#loadNode(v, v.dtype, flat)
  }

  /** Element `flat`, counted in elements of `dtype`, of a value in memory. */
  loadAs(v: Value, dtype: DType, flat: Index): NodeId {
    this.#scope.loaded?.(v, [flat], this.#guards)
    return this.#loadNode(v, dtype, flat)
  }

  #loadNode(v: Value, dtype: DType, index: Index): NodeId {
    const guards = reduceGuards(this.#guards, this.sizes)
    if (guards === null) return this.literal(dtype, 0)
    const id = this.put({ op: 'load', dtype, buffer: this.#scope.buffer(v), index, guards, otherwise: 0 })
    if (guards.length > 0) this.#carefree.add(id)
    return id
  }

  literal(dtype: DType, value: number | boolean): NodeId {
    return this.put({ op: 'literal', dtype, value: dtype === 'bool' ? Boolean(value) : Number(value) })
  }

  index(dtype: DType, index: Index): NodeId {
    if (index.terms.length === 0) return this.literal(dtype, index.constant)
    return this.put({ op: 'index', dtype, index })
  }

  apply<P extends keyof ElementwiseParams>(primitive: P, params: ElementwiseParams[P], dtype: DType, inputs: readonly NodeId[]): NodeId {
    return this.put({ op: 'apply', primitive, params, dtype, inputs } as Node)
  }

  /** Converts a node; nothing where it has the dtype already. */
  convert(dtype: DType, node: NodeId): NodeId {
    if (this.nodes[node]!.dtype === dtype) return node
    return this.apply('convertElementType', { newDtype: dtype, weakType: false }, dtype, [node])
  }

  bitcast(dtype: DType, input: NodeId): NodeId {
    return this.nodes[input]!.dtype === dtype ? input : this.put({ op: 'bitcast', dtype, input })
  }

  /**
   * Part `part` of an element's bits, as the narrower `dtype`: loads read a part of the element, choices choose among
   * parts. What is computed in this kernel has no parts: it is read from memory by another.
   */
  narrow(dtype: DType, input: NodeId, part: Index): NodeId {
    const n = this.nodes[input]!
    const ratio = dtypeInfo[n.dtype].bytes / dtypeInfo[dtype].bytes
    const inside = (i: Index): Index => flattenIndex([i, part], [1, ratio], this.sizes)
    switch (n.op) {
      case 'load': {
        const load = this.put({ ...n, dtype, index: inside(n.index), otherwise: 0 })
        return isZero(n.otherwise) ? load : this.put({ op: 'guarded', dtype, guards: n.guards, inside: load, outside: this.#literalPart(n.dtype, n.otherwise, dtype, part) })
      }
      case 'gather':
        if (!isZero(n.otherwise)) throw unfusable
        return this.put({ ...n, dtype, index: inside(n.index), positions: n.positions.map((p) => ({ ...p, stride: p.stride * ratio })), otherwise: 0 })
      case 'guarded':
        return this.put({ ...n, dtype, inside: this.narrow(dtype, n.inside, part), outside: this.narrow(dtype, n.outside, part) })
      case 'literal':
        return this.#literalPart(n.dtype, n.value, dtype, part)
      case 'apply':
        if (n.primitive === 'selectN') {
          const [which, ...cases] = n.inputs
          return this.apply('selectN', {}, dtype, [which!, ...cases.map((c) => this.narrow(dtype, c, part))])
        }
        throw unfusable
      case 'index':
      case 'bitcast':
      case 'threefry':
      case 'reduced':
      case 'accumulator':
        throw unfusable
    }
  }

  /** A part of the bits of a number that is known. */
  #literalPart(wide: DType, value: number | boolean, dtype: DType, part: Index): NodeId {
    const parts = [...decodeNumbers(scalarBytes(Number(value), wide), dtype)].map((x) => this.literal(dtype, x))
    return parts.every((p) => p === parts[0]) ? parts[0]! : this.apply('selectN', {}, dtype, [this.index('int32', part), ...parts])
  }

  /** A read of an array in memory at computed positions; `index` is flat. */
  gather(v: Value, index: Index, positions: readonly { readonly node: NodeId; readonly stride: number; readonly limit: number }[], mode: 'clip' | 'fill', otherwise: number | boolean): NodeId {
    this.#scope.loaded?.(storage(v), [], this.#guards)
    const guards = reduceGuards(this.#guards, this.sizes)
    if (guards === null) return this.literal(v.dtype, otherwise)
    const placed = positions.map((p) => ({ position: p.node, stride: p.stride, limit: p.limit }))
    return this.put({ op: 'gather', dtype: v.dtype, buffer: this.#scope.buffer(storage(v)), index, positions: placed, mode, guards, otherwise })
  }

  /** `inside` where all guards hold, else `outside`; `inside` reads nothing where they do not. */
  guarded(dtype: DType, guards: readonly Guard[], inside: () => NodeId, outside: () => NodeId): NodeId {
    const open = reduceGuards(guards, this.sizes)
    if (open === null) return outside()
    if (open.length === 0) return inside()
    const within = this.#under(open, inside)
    const other = outside()
    const a = this.nodes[within]!
    const b = this.nodes[other]!
    if (within === other) return within
    // A load has guards of its own: what it gives outside of them may as well be the other value.
    if (a.op === 'load' && b.op === 'literal') {
      if (this.#carefree.has(within) && sameGuards(a.guards, [...this.#guards, ...open], this.sizes)) return this.put({ ...a, otherwise: b.value })
      const keys = new Set(a.guards.map(guardKey))
      if (Object.is(Number(a.otherwise), Number(b.value)) && open.every((g) => keys.has(guardKey(g)))) return within
    }
    return this.put({ op: 'guarded', dtype, guards: open, inside: within, outside: other })
  }

  #under(guards: readonly Guard[], body: () => NodeId): NodeId {
    const outer = this.#guards
    const outerKey = this.#guardsKey
    this.#guards = [...outer, ...guards]
    this.#guardsKey = this.#guards.map(guardKey).join('&')
    try {
      return body()
    } finally {
      this.#guards = outer
      this.#guardsKey = outerKey
    }
  }

  /** Appends a node, or finds its equal. */
  put(node: Node): NodeId {
    const key = nodeKey(node)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    this.nodes.push(node)
    this.#known.set(key, this.nodes.length - 1)
    return this.nodes.length - 1
  }
}

function sameGuards(a: readonly Guard[], b: readonly Guard[], sizes: Sizes): boolean {
  const reduced = reduceGuards(b, sizes)
  if (reduced === null || reduced.length !== a.length) return false
  const keys = new Set(a.map(guardKey))
  return reduced.every((g) => keys.has(guardKey(g)))
}

const literalKey = (v: number | boolean): string => (Object.is(v, -0) ? '-0' : String(v))

function nodeKey(n: Node): string {
  switch (n.op) {
    case 'load':
      return `load ${n.dtype} ${n.buffer} ${indexKey(n.index)} ${n.guards.map(guardKey).join('&')} ${literalKey(n.otherwise)}`
    case 'gather':
      return `gather ${n.dtype} ${n.buffer} ${indexKey(n.index)} ${n.positions.map((p) => `${p.position}*${p.stride}<=${p.limit}`).join()} ${n.mode} ${n.guards.map(guardKey).join('&')} ${literalKey(n.otherwise)}`
    case 'literal':
      return `literal ${n.dtype} ${literalKey(n.value)}`
    case 'index':
      return `index ${n.dtype} ${indexKey(n.index)}`
    case 'guarded':
      return `guarded ${n.guards.map(guardKey).join('&')} ${n.inside} ${n.outside}`
    case 'apply':
      return `${n.primitive} ${n.dtype} ${applyKey(n.params)} ${n.inputs.join()}`
    case 'bitcast':
      return `bitcast ${n.dtype} ${n.input}`
    case 'threefry':
      return `threefry ${n.word} ${n.inputs.join()}`
    case 'reduced':
      return `reduced ${n.stage} ${n.output}`
    case 'accumulator':
      return `accumulator ${n.output}`
  }
}
