/**
 * What a program of the kernel IR becomes on WebGPU: memory, shader modules, and the commands of one command buffer.
 *
 * Everything a run needs is fixed here, so that a backend only has to find buffers and record commands:
 *
 * - Every `Place` is one GPUBuffer of at least `bytes` (usage STORAGE | COPY_SRC | COPY_DST), bound from its start unless the binding says
 *   otherwise. Temps have disjoint lives or places already: a backend takes them all at the start of a run and gives them
 *   back to its pool behind the submit. What stands in them before the run is never read.
 * - Every `ShaderModule` is one pipeline: entry point `main`, bind group 0 with storage buffers 0 … n-1 in the order of
 *   `access` ('read' is 'read-only-storage', 'read_write' is 'storage'), and, where `counters` > 0, bind group 1 with
 *   that many uniform buffers of 4 bytes, all with dynamic offsets. Layouts are explicit, never 'auto': a shader may leave a binding unused.
 * - Bindings of one dispatch never overlap where one of them is written: what a kernel writes over what it reads is one binding. A place of which several
 *   windows are bound is bound with one access only.
 * - Counters: shaders in loops add the iteration to their addresses. There is one constant uniform buffer a device for all
 *   programs: the u32 i at byte `counterStride` · i, for i in [0, counterBase). An `iteration` counter of a dispatch is bound at
 *   dynamic offset `counterStride` · d, where d is digit 0 (t % counterBase) or 1 (floor(t / counterBase)) of the present
 *   iteration t of the enclosing loop number `loop`, the outermost being 0. A `constant` is bound at `counterStride` · value: a number
 *   that one shader is run with several of.
 * - Commands run in order; each dispatch sees what those before it wrote, as WebGPU has it within a command buffer.
 */

/** What the adapter offers, as far as shaders depend on it. */
export interface ShaderLimits {
  /** maxStorageBuffersPerShaderStage */
  readonly storageBuffers: number
  /** maxStorageBufferBindingSize */
  readonly bindingBytes: number
  /** maxComputeWorkgroupStorageSize */
  readonly workgroupBytes: number
  /** Whether the device has the feature 'subgroups'. */
  readonly subgroups: boolean
}

/** Limits that every WebGPU device has. */
export const baseLimits: ShaderLimits = { storageBuffers: 8, bindingBytes: 128 * 2 ** 20, workgroupBytes: 16384, subgroups: false }

/** Where one counter stands after the other: `minUniformBufferOffsetAlignment` of every device. */
export const counterStride = 256
/** Numbers in the buffer of counters. */
export const counterBase = 4096

/** Position in `ShaderProgram.places`. */
export type PlaceId = number

/**
 * Memory in storage form (storage-form.ts): a 32-bit word an element. `bytes` is a multiple of 4 and at least 4, also of arrays without elements.
 *
 * - `input`: the buffer of that operand. Where `written`, an output is made in it: the caller gives a buffer that nobody else
 *   reads any more, the donated one, or a copy of it.
 * - `output`: a new buffer, given away as that result.
 * - `temp`: scratch.
 */
export type Place =
  | { readonly kind: 'input'; readonly position: number; readonly bytes: number; readonly written: boolean }
  | { readonly kind: 'output'; readonly position: number; readonly bytes: number }
  | { readonly kind: 'temp'; readonly bytes: number }

export interface ShaderModule {
  readonly code: string
  readonly access: readonly ('read' | 'read_write')[]
  /** Uniform buffers in bind group 1. */
  readonly counters: number
  readonly workgroupSize: number
}

/** A part of a place that is bound; `offset` is a multiple of 256. */
export interface BoundPlace {
  readonly place: PlaceId
  readonly offset: number
  readonly bytes: number
}

export type Counter =
  /** `loop`: which of the loops around the dispatch, the outermost being 0. */
  | { readonly kind: 'iteration'; readonly loop: number; readonly digit: 0 | 1 }
  | { readonly kind: 'constant'; readonly value: number }

/** A byte address: `offset` plus, for each loop named, its present iteration times `bytes`. Multiples of 4. */
export interface Address {
  readonly place: PlaceId
  readonly offset: number
  readonly strides: readonly { readonly loop: number; readonly bytes: number }[]
}

export type Command =
  | {
      readonly kind: 'dispatch'
      /** Position in `ShaderProgram.shaders`. */
      readonly shader: number
      /** One an element of the shader's `access`. */
      readonly bindings: readonly BoundPlace[]
      /** As many as the shader has. */
      readonly counters: readonly Counter[]
      /** Along x, y, z; each at least 1 and at most 65,535. */
      readonly workgroups: readonly [number, number, number]
      /** Position among `kernelsOf(program)` of the kernel that this belongs to; a kernel may take several dispatches. */
      readonly kernel: number
    }
  /** copyBufferToBuffer: source and destination are different places. */
  | { readonly kind: 'copy'; readonly from: Address; readonly to: Address; readonly bytes: number; readonly kernel: number | null }
  /**
   * `count` iterations, t = 0 … count-1, or count-1 … 0 with `reverse`. Iteration number i (counted from 0 in the order of
   * execution, whatever t is) runs `phases[i % phases.length]`: carries alternate between two places, so there are one or two phases.
   */
  | { readonly kind: 'loop'; readonly count: number; readonly reverse: boolean; readonly phases: readonly (readonly Command[])[] }

export interface ShaderProgram {
  readonly places: readonly Place[]
  /** No two with the same code. */
  readonly shaders: readonly ShaderModule[]
  readonly commands: readonly Command[]
  /** The place of each result; an `input` that is not `written` is that operand itself, handed on. */
  readonly outputs: readonly PlaceId[]
}
