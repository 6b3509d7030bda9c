/** What the shaders of a kernel are made with, and where they go. */
import type { Aval } from '../../../core/aval.ts'
import type { DType } from '../../../core/dtype.ts'
import { DeviceError } from '../../../core/errors.ts'
import type { Buffer, BufferId } from '../../kernel-ir/index.ts'
import { type Bindings, bindingCount, type Memory } from './bindings.ts'
import type { PlaceId } from './shader-program.ts'
import type { Spans } from './spans.ts'

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
  /** Runs what touches no more of some buffers than that; scratch that it takes is free afterwards. */
  apart<R>(spans: Spans, run: () => R): R
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

/** What a kernel is refused with that binds more than a shader may, however it is split. */
export function tooManyBindings(context: KernelContext, name: string, places: Iterable<PlaceId>): DeviceError {
  const { limits } = context
  const sizes = [...new Set(places)].map((place) => context.bytesOf(place))
  return new DeviceError(
    'webgpu',
    `this GPU binds at most ${limits.storageBuffers} parts of arrays at once, of ${limits.bindingBytes} bytes each, and kernel ${name || 'copy'} needs more for arrays of ${sizes.join(', ')} bytes; use smaller arrays or batches, combine fewer in one operation, or keep this part on 'wasm' with devicePut(x, 'wasm')`,
  )
}
