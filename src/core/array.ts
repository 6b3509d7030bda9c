/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The array that users hold. `NDArray` is what everything is typed as; a concrete one is a `DeviceArray` (a handle:
 * aval, device, storage), a traced one a `Tracer` of some transformation. Immutable and freely reusable.
 */
import type { Aval, Shape } from './aval.ts'
import { showType, sizeOf } from './aval.ts'
import type { DeviceName } from './device-name.ts'
import { backendOf } from './device-registry.ts'
import type { DType } from './dtype.ts'
import { ConcretizationError, DisposedError } from './errors.ts'
import { leakedTracer } from './leaked-tracer.ts'
import { ArrayMethods } from './methods/index.ts'
import type { Storage } from './storage.ts'
import type { Trace } from './trace.ts'

export abstract class NDArray extends ArrayMethods {
  /** Makes the type nominal; no such property exists. */
  protected declare readonly nominal: 'NDArray'
  abstract readonly aval: Aval
  /** The transformation this value belongs to; null for a concrete array. */
  abstract readonly trace: Trace | null
  /** Where the array is; of a tracer, where its concrete value is, or the default device. */
  abstract readonly device: DeviceName
  /**
   * The concrete array behind this one: itself, or the primal under an eager derivative.
   * @throws ConcretizationError when the value is not known yet (under jit, vmap, loop bodies, makeJaxpr).
   */
  abstract concrete(operation: string): DeviceArray
  /** @throws DisposedError or TracerLeakError when the array can no longer be an operand. */
  abstract requireUsable(operation: string): void
  /** Lets go of this handle before the collector does; using it afterwards throws. Other handles on the data stay. */
  abstract dispose(): void

  [Symbol.dispose](): void {
    this.dispose()
  }

  get shape(): Shape {
    return this.aval.shape
  }
  get dtype(): DType {
    return this.aval.dtype
  }
  get ndim(): number {
    return this.aval.shape.length
  }
  get size(): number {
    return sizeOf(this.aval.shape)
  }
}

export class DeviceArray extends NDArray {
  readonly aval: Aval
  readonly trace = null
  /**
   * Whether somebody chose the device: data from outside, `devicePut`. What is made of numbers alone (np.ones, the ones
   * that a gradient starts from) lies on the default device, and follows placed arrays where they meet.
   */
  readonly placed: boolean
  #storage: Storage | null
  constructor(aval: Aval, storage: Storage, placed = true) {
    super()
    this.aval = aval
    this.placed = placed
    this.#storage = storage
  }
  get device(): DeviceName {
    return this.storage('device').device
  }
  /** @throws DisposedError when this handle was disposed or donated. */
  storage(operation: string): Storage {
    if (this.#storage === null) {
      throw new DisposedError(operation, `got an array ${showType(this.aval)} that was disposed or donated; keep another handle, or do not dispose it before its last use`)
    }
    return this.#storage
  }
  get disposed(): boolean {
    return this.#storage === null
  }
  dispose(): void {
    const s = this.#storage
    this.#storage = null
    s?.release()
  }
  /** A new array on the same device, of bytes that it takes over. */
  beside(bytes: Uint8Array, aval: Aval): DeviceArray {
    return new DeviceArray(aval, backendOf(this.device).put(bytes))
  }
  /** Lets go without returning memory: the storage was given to a program. */
  donate(): void {
    this.#storage = null
  }
  concrete(operation: string): DeviceArray {
    this.storage(operation)
    return this
  }
  requireUsable(operation: string): void {
    this.storage(operation)
  }
}

/** A value inside a transformation. Each transformation has its own subclass. */
export abstract class Tracer extends NDArray {
  abstract override readonly trace: Trace
  /** A tracer holds no memory. */
  dispose(): void {}
  requireUsable(operation: string): void {
    if (!this.trace.alive) throw leakedTracer(operation, this)
  }
  concrete(operation: string): DeviceArray {
    this.requireUsable(operation)
    throw new ConcretizationError(
      operation,
      `needs the value of ${this.toString()}, which is not known while ${this.trace.name} traces the function. ` +
        `Use np.where or lax.select for choices that depend on values, pass sizes and flags as static arguments, or move this out of the traced function.`,
    )
  }
}

export { isArray } from './array-base.ts'
