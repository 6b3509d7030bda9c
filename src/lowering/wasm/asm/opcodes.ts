import { bulkOps, immediateOps, laneOps, memoryLaneOps, memoryOps } from './opcodes-memory.ts'
import { scalarOps } from './opcodes-scalar.ts'
import { relaxedOps, simdOps } from './opcodes-simd.ts'
import type { ValueType } from './value-type.ts'

/** Instructions that only move values on the stack. */
export type PlainName = keyof typeof scalarOps | keyof typeof simdOps | keyof typeof relaxedOps
/** Loads, stores and atomics: `offset` and `align` follow. */
export type MemoryName = keyof typeof memoryOps
export type MemoryLaneName = keyof typeof memoryLaneOps
export type LaneName = keyof typeof laneOps
export type BulkName = keyof typeof bulkOps
export type ImmediateName = keyof typeof immediateOps
type OpcodeName = PlainName | MemoryName | MemoryLaneName | LaneName | BulkName | ImmediateName

/** What follows an opcode in the stream. */
type ImmediateKind =
  | 'none' | 'memory' | 'memoryLane' | 'lane' | 'zeros' | 'block' | 'index' | 'table' | 'function' | 'local'
  | 'i32' | 'i64' | 'f32' | 'f64' | 'bytes'

/** One row of the instruction table, from which bytes, text and stack types are all read. It holds what the library emits. */
export interface Opcode {
  readonly name: OpcodeName
  /** One byte; or a prefix (0xfc, 0xfd, 0xfe) above the sub-opcode: `0xfd` and two or three hexadecimal digits. */
  readonly code: number
  readonly kind: ImmediateKind
  readonly params: readonly ValueType[]
  readonly results: readonly ValueType[]
  /** Bytes accessed (memory), lanes (lane instructions), zero bytes that follow (bulk memory). */
  readonly size: number
  readonly relaxed: boolean
}

const letters: Readonly<Record<string, ValueType>> = { i: 'i32', l: 'i64', f: 'f32', d: 'f64', v: 'v128' }

const typesOf = (text: string): readonly ValueType[] => [...text].map((letter) => letters[letter] ?? 'i32')

const buildTable = (): ReadonlyMap<string, Opcode> => {
  const table = new Map<string, Opcode>()
  const signatures = new Map<string, Pick<Opcode, 'params' | 'results'>>()
  const signature = (text: string): Pick<Opcode, 'params' | 'results'> => {
    const known = signatures.get(text)
    if (known) return known
    const [params = '', results = ''] = text.split('>')
    const made = { params: typesOf(params), results: typesOf(results) }
    signatures.set(text, made)
    return made
  }
  const addAll = (rows: Readonly<Record<string, readonly [number, string, number?]>>, kind: ImmediateKind, relaxed = false): void => {
    for (const [name, [code, text, size = 0]] of Object.entries(rows))
      table.set(name, { name: name as OpcodeName, code, kind, ...signature(text), size, relaxed }) // `Object.entries` forgets the keys
  }
  addAll(scalarOps, 'none')
  addAll(simdOps, 'none')
  addAll(relaxedOps, 'none', true)
  addAll(memoryOps, 'memory')
  addAll(memoryLaneOps, 'memoryLane')
  addAll(laneOps, 'lane')
  addAll(bulkOps, 'zeros')
  for (const [name, [code, kind]] of Object.entries(immediateOps))
    table.set(name, { name: name as OpcodeName, code, kind, params: [], results: [], size: 0, relaxed: false })
  return table
}

/** All instructions by name. */
export const opcodes: ReadonlyMap<string, Opcode> = /* @__PURE__ */ buildTable()

/** The row of an instruction. */
export const opcode = (name: OpcodeName): Opcode => opcodes.get(name) as Opcode // every OpcodeName is a key of the table
