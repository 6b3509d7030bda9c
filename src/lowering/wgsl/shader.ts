/** What a kernel becomes: a module of WGSL, what it binds, and how it is dispatched. */
import { sizeOf } from '../../core/aval.ts'
import { type DType, dtypeInfo } from '../../core/dtype.ts'
import { type BufferId, loopsOfSlices, type Program, wholeOf } from '../kernel-ir/index.ts'
import { libraryFor } from './library.ts'
import { storedType } from './types.ts'

export interface Binding {
  /** Never a slice: of those the whole is bound. */
  readonly buffer: BufferId
  readonly access: 'read' | 'read_write'
}

export interface Shader {
  /** The module; its entry point is `main`, binding i of group 0 is `bindings[i]`. */
  readonly code: string
  readonly bindings: readonly Binding[]
  /**
   * The loops whose iteration the module reads, by how deep they stand in the program (0: outermost): binding k of group 1 is a
   * uniform i32, the iteration of loop `loops[k]`.
   */
  readonly loops: readonly number[]
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

/**
 * Names of bound buffers, and the text of their declarations. A slice is a place in the array that it is of, found by the
 * iteration of its loop; so an array of which a kernel uses several slices, or that it reads and writes, is bound once.
 */
export class Buffers {
  readonly #program: Program
  readonly #bindings: { readonly buffer: BufferId; access: Binding['access'] }[] = []
  readonly #at = new Map<BufferId, number>()
  readonly #slices = new Set<BufferId>()
  readonly #loops = new Set<number>()
  constructor(program: Program, reads: ReadonlySet<BufferId>, writes: ReadonlySet<BufferId>) {
    this.#program = program
    for (const buffer of new Set([...reads, ...writes])) {
      const whole = wholeOf(program.buffers, buffer)
      let at = this.#bindings.findIndex((b) => b.buffer === whole)
      if (at < 0) at = this.#bindings.push({ buffer: whole, access: 'read' }) - 1
      if (writes.has(buffer)) this.#bindings[at]!.access = 'read_write'
      this.#at.set(buffer, at)
      this.#addSlice(buffer)
    }
  }
  #addSlice(buffer: BufferId): void {
    const { role } = this.#program.buffers[buffer]!
    if (role.kind !== 'slice') return
    this.#slices.add(buffer)
    this.#loops.add(loopsOfSlices(this.#program).get(buffer)!)
    this.#addSlice(role.of)
  }
  get bindings(): readonly Binding[] {
    return this.#bindings
  }
  get loops(): readonly number[] {
    return [...this.#loops]
  }
  dtype(buffer: BufferId): DType {
    return this.#program.buffers[buffer]!.aval.dtype
  }
  /** A word of a buffer, `index` counted in elements, of keys in words. */
  place(buffer: BufferId, index: string): string {
    const { role } = this.#program.buffers[buffer]!
    return `b${this.#at.get(buffer)}[${role.kind === 'slice' ? `o${buffer} + ${index}` : index}]`
  }
  /** Keys are bound as words, so that they can be read as what they are made of. */
  element(buffer: BufferId): string {
    const dtype = this.dtype(buffer)
    return dtype === 'key' ? 'u32' : storedType(dtype)
  }
  declarations(): string {
    return [
      ...this.#bindings.map(({ buffer, access }, i) => `@group(0) @binding(${i}) var<storage, ${access}> b${i}: array<${this.element(buffer)}>;  // %${buffer} ${this.dtype(buffer)}`),
      ...this.loops.map((loop, k) => `@group(1) @binding(${k}) var<uniform> t${loop}: i32;`),
    ].join('\n')
  }
  /** Where in their wholes slices begin, in words: lines that stand at the top of `main`. */
  origins(): string {
    return [...this.#slices].map((slice) => `let o${slice} = ${this.#origin(slice)};`).join('\n')
  }
  #origin(slice: BufferId): string {
    const { role, aval } = this.#program.buffers[slice]!
    if (role.kind !== 'slice') return ''
    const outer = this.#origin(role.of)
    return `t${loopsOfSlices(this.#program).get(slice)} * ${sizeOf(aval.shape) * (aval.dtype === 'key' ? 2 : 1)}i${outer === '' ? '' : ` + ${outer}`}`
  }
}

export const bytesPerElement = (dtype: DType): number => dtypeInfo[dtype].bytes

/** A whole module from the body of its entry point, what stands before that, and what they call. */
export function moduleText(buffers: Buffers, workgroupSize: number, body: string, before = ''): string {
  const entry = [
    `@compute @workgroup_size(${workgroupSize})`,
    'fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_index) local: u32) {',
    `  ${workgroupNumber}`,
    indented(buffers.origins()),
    body,
    '}',
  ].filter((line) => line !== '').join('\n')
  return [buffers.declarations(), libraryFor(`${before}\n${body}`), before, entry].filter((part) => part !== '').join('\n')
}

/** Every line two spaces further in. */
export const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ')
