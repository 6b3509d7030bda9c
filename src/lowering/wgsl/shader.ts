/** What a kernel becomes: a module of WGSL, what it binds, and how it is dispatched. */
import { type DType, dtypeInfo } from '../../core/dtype.ts'
import type { BufferId, Program } from '../kernel-ir/index.ts'
import { libraryFor } from './library.ts'
import { storedType } from './types.ts'

export interface Binding {
  readonly buffer: BufferId
  readonly access: 'read' | 'read_write'
}

export interface Shader {
  /** The module; its entry point is `main`, binding i of group 0 is `bindings[i]`. */
  readonly code: string
  readonly bindings: readonly Binding[]
  readonly workgroupSize: number
  /** Workgroups along x, y, z. */
  readonly workgroups: readonly [number, number, number]
}

/** Limits that every WebGPU device has. */
export const workgroupLimit = 65535

/** Workgroups in three dimensions, each within the limit; the surplus is skipped by the shader. */
export function dispatchOf(count: number): [number, number, number] {
  if (count <= workgroupLimit) return [Math.max(1, count), 1, 1]
  const x = workgroupLimit
  const y = Math.ceil(count / x)
  if (y <= workgroupLimit) return [x, y, 1]
  return [x, workgroupLimit, Math.ceil(count / (x * workgroupLimit))]
}

/** The number of this workgroup, whatever dimensions the dispatch took. */
export const workgroupNumber: string = `let group = i32(group_id.x + group_id.y * ${workgroupLimit}u + group_id.z * ${workgroupLimit}u * ${workgroupLimit}u);`

/** Names of bound buffers, and the text of their declarations. */
export class Buffers {
  readonly #program: Program
  readonly #bindings: Binding[] = []
  readonly #at = new Map<BufferId, number>()
  constructor(program: Program, reads: ReadonlySet<BufferId>, writes: ReadonlySet<BufferId>) {
    this.#program = program
    for (const buffer of new Set([...reads, ...writes])) {
      this.#at.set(buffer, this.#bindings.length)
      this.#bindings.push({ buffer, access: writes.has(buffer) ? 'read_write' : 'read' })
    }
  }
  get bindings(): readonly Binding[] {
    return this.#bindings
  }
  dtype(buffer: BufferId): DType {
    return this.#program.buffers[buffer]!.aval.dtype
  }
  name(buffer: BufferId): string {
    return `b${this.#at.get(buffer)}`
  }
  /** Keys are bound as words, so that they can be read as what they are made of. */
  element(buffer: BufferId): string {
    const dtype = this.dtype(buffer)
    return dtype === 'key' ? 'u32' : storedType(dtype)
  }
  declarations(): string {
    return this.#bindings.map(({ buffer, access }, i) => `@group(0) @binding(${i}) var<storage, ${access}> b${i}: array<${this.element(buffer)}>;  // %${buffer} ${this.dtype(buffer)}`).join('\n')
  }
}

export const bytesPerElement = (dtype: DType): number => dtypeInfo[dtype].bytes

/** A whole module from the body of its entry point, what stands before that, and what they call. */
export function moduleText(buffers: Buffers, workgroupSize: number, body: string, before = ''): string {
  const entry = [
    `@compute @workgroup_size(${workgroupSize})`,
    'fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_index) local: u32) {',
    `  ${workgroupNumber}`,
    body,
    '}',
  ].join('\n')
  return [buffers.declarations(), libraryFor(`${before}\n${body}`), before, entry].filter((part) => part !== '').join('\n')
}

/** Every line two spaces further in. */
export const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ')
