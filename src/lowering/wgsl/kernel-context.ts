/** What the shaders of a kernel are made with, and where they go. */
import type { Aval } from '../../core/aval.ts'
import type { DType } from '../../core/dtype.ts'
import type { Buffer, BufferId } from '../kernel-ir/index.ts'
import { type Bindings, bindingCount, type Memory } from './bindings.ts'

export interface Dispatch {
  readonly bindings: Bindings
  /** Invocations of a workgroup. */
  readonly threads: number
  readonly groups: number
  /** Declarations at the level of the module. */
  readonly declarations: readonly string[]
  readonly body: readonly string[]
}

export interface KernelContext extends Memory {
  /** Whether convolutions may use Winograd's algorithm. */
  readonly winograd: boolean
  /** Bytes of the sixteen matrices of one operand, or of the products, at most: the direct form needs no such memory. */
  readonly winogradBytes: number
  /** Scratch for the present kernel. */
  temp(dtype: DType, elements: number): BufferId
  /** Scratch for several arrays in one place, one behind the other. */
  tempsInOne(avals: readonly Aval[]): BufferId[]
  roleOf(buffer: BufferId): Buffer['role']
  /** Buffers of the program stand where others do while `run` runs. */
  standingIn(others: ReadonlyMap<BufferId, BufferId>, run: () => void): void
  dispatch(d: Dispatch): void
  /** Copies a whole array; nothing where both are one. */
  copy(from: BufferId, to: BufferId): void
}

/** Whether one shader may bind all these buffers, and so many small ones besides. */
export const fits = (context: KernelContext, buffers: Iterable<BufferId>, more = 0): boolean => bindingCount(context, buffers) + more <= context.limits.storageBuffers
