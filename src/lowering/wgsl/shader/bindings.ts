/** The storage buffers of one shader: which places they are, how their elements are read and written. */
import type { Aval } from '../../../core/aval.ts'
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import type { BufferId } from '../../kernel-ir/index.ts'
import { bitcastText, bitsText, fromBits } from './bits.ts'
import { type BoundPlace, type Counter, counterBase, type PlaceId, type ShaderLimits } from './shader-program.ts'
import { block } from './module-text.ts'
import type { Span } from './spans.ts'
import { storedBytes } from './storage-form.ts'
import { fromStored, storedType, toStored } from './types.ts'

/** Where a buffer is: in a place, from word `offset` on, so many words further for each iteration of the loops around. */
export interface Location {
  readonly place: PlaceId
  readonly offset: number
  readonly strides: readonly { readonly loop: number; readonly words: number }[]
}

/** What a kernel's shaders know of memory. */
export interface Memory {
  readonly limits: ShaderLimits
  avalOf(buffer: BufferId): Aval
  locate(buffer: BufferId): Location
  bytesOf(place: PlaceId): number
  /** The words of a buffer that shaders touch at present; null: all may be. */
  spansOf(buffer: BufferId): readonly Span[] | null
  /** Iterations of the loops around, the outermost first. */
  readonly loops: readonly number[]
}

type Word = 'f32' | 'i32' | 'u32'

const wordOf = (dtype: DType): Word => {
  const type = storedType(dtype)
  return type === 'vec2<u32>' ? 'u32' : type
}

/** A part of a place, in words, that is bound. */
interface Window {
  readonly first: number
  readonly words: number
}

/** Bindings begin at multiples of so many words. */
const alignment = 64

/** The windows through which buffers of one place are bound: one for all of it where that may be, else as many as hold what is touched. */
function windowsOf(memory: Memory, place: PlaceId, buffers: readonly BufferId[]): Window[] {
  const total = memory.bytesOf(place) / 4
  const most = Math.floor(memory.limits.bindingBytes / (4 * alignment)) * alignment
  if (4 * total <= memory.limits.bindingBytes) return [{ first: 0, words: total }]
  const spans = buffers.flatMap((b): readonly Span[] => (memory.locate(b).strides.length > 0 || memory.locate(b).offset > 0 ? [{ from: 0, to: total }] : (memory.spansOf(b) ?? [{ from: 0, to: storedBytes(memory.avalOf(b)) / 4 }])))
  const windows: Window[] = []
  for (const { from, to } of merged(spans, most)) for (let first = from; first < to; first += most) windows.push({ first, words: Math.min(most, to - first) })
  return windows
}

/** Spans that begin where bindings may, and do not meet; those that one window of `most` words holds are one. */
function merged(spans: readonly Span[], most: number): Span[] {
  const out: Span[] = []
  for (const span of spans.map(({ from, to }) => ({ from: from - (from % alignment), to })).sort((a, b) => a.from - b.from)) {
    const last = out.at(-1)
    if (last === undefined || (span.from > last.to && span.to - last.from > most)) out.push(span)
    else out[out.length - 1] = { from: last.from, to: Math.max(last.to, span.to) }
  }
  return out
}

function byPlace(memory: Memory, buffers: Iterable<BufferId>): Map<PlaceId, BufferId[]> {
  const places = new Map<PlaceId, BufferId[]>()
  for (const b of new Set(buffers)) {
    const { place } = memory.locate(b)
    places.set(place, [...(places.get(place) ?? []), b])
  }
  return places
}

/** How many bindings a set of buffers takes. */
export const bindingCount = (memory: Memory, buffers: Iterable<BufferId>): number =>
  [...byPlace(memory, buffers)].reduce((n, [place, inIt]) => n + windowsOf(memory, place, inIt).length, 0)

const further = (index: string, by: number): string => (by === 0 ? index : `${index} ${by < 0 ? '-' : '+'} ${Math.abs(by)}i`)

interface Bound {
  /** `b0`; of windows `b0_0`, `b0_1` … */
  readonly name: string
  readonly place: PlaceId
  readonly word: Word
  /** `workgroup`: it is no binding, but memory of the workgroup. */
  readonly access: 'read' | 'read_write' | 'workgroup'
  readonly windows: readonly Window[]
  readonly atomic: boolean
}

interface BindingOptions {
  /** A buffer whose elements are atomic. */
  readonly atomic?: BufferId
  /** The outermost of the loops that are in the shader itself: iterations of that and of those within are variables, `t` and their number. */
  readonly inside?: number
  /** Places that stand in memory of the workgroup, and how many bytes they take there. */
  readonly shared?: ReadonlyMap<PlaceId, number>
}

export class Bindings {
  readonly #memory: Memory
  readonly #bound = new Map<PlaceId, Bound>()
  readonly #loops = new Set<number>()
  readonly #inside: number | null
  readonly #parameters: { readonly name: string; readonly value: number }[] = []

  constructor(memory: Memory, reads: Iterable<BufferId>, writes: Iterable<BufferId>, { atomic, inside, shared }: BindingOptions = {}) {
    this.#memory = memory
    this.#inside = inside ?? null
    const written = new Set([...writes].map((b) => memory.locate(b).place))
    for (const [place, buffers] of byPlace(memory, [...reads, ...writes])) {
      const words = new Set(buffers.map((b) => wordOf(memory.avalOf(b).dtype)))
      // Arrays of two types in one place are bound as their bits.
      const word = words.size === 1 ? [...words][0]! : 'u32'
      const own = shared?.get(place)
      const windows = own === undefined ? windowsOf(memory, place, buffers) : [{ first: 0, words: own / 4 }]
      const access = own !== undefined ? 'workgroup' : written.has(place) ? 'read_write' : 'read'
      this.#bound.set(place, { name: `b${this.#bound.size}`, place, word, access, windows, atomic: atomic !== undefined && memory.locate(atomic).place === place })
    }
  }

  /** In the order of the bind group. */
  get places(): BoundPlace[] {
    return [...this.#bound.values()].flatMap(({ place, windows, access }) => (access === 'workgroup' ? [] : windows.map(({ first, words }) => ({ place, offset: 4 * first, bytes: 4 * words }))))
  }
  get access(): ('read' | 'read_write')[] {
    return [...this.#bound.values()].flatMap(({ access, windows }) => (access === 'workgroup' ? [] : windows.map(() => access)))
  }
  /** Loops and parameters that the text names so far, as uniform buffers. */
  get counters(): Counter[] {
    return this.#uniforms().map(({ counter }) => counter)
  }
  #uniforms(): { readonly name: string; readonly counter: Counter }[] {
    const loops = [...this.#loops].sort((a, b) => a - b)
    return [
      ...loops.flatMap((loop) => this.#digits(loop).map((digit) => ({ name: `t${loop}_${digit}`, counter: { kind: 'iteration', loop, digit } as const }))),
      ...this.#parameters.map(({ name, value }) => ({ name, counter: { kind: 'constant', value } as const })),
    ]
  }
  /** A number below `counterBase` that does not stand in the text, as i32: so the shader serves others as well. */
  parameter(name: string, value: number): string {
    this.#parameters.push({ name, value })
    return `i32(${name})`
  }
  #digits(loop: number): (0 | 1)[] {
    return this.#memory.loops[loop]! > counterBase ? [0, 1] : [0]
  }

  /** Declarations, to be asked for when all of the text is made. */
  declarations(): string {
    const lines: string[] = []
    let at = 0
    for (const { name, word, access, windows, atomic } of this.#bound.values()) {
      const element = atomic ? `atomic<${word}>` : word
      if (access === 'workgroup') {
        lines.push(`var<workgroup> ${name}: array<${element}, ${windows[0]!.words}>;`)
        continue
      }
      windows.forEach((_, i) => lines.push(`@group(0) @binding(${at++}) var<storage, ${access}> ${windows.length === 1 ? name : `${name}_${i}`}: array<${element}>;`))
      if (windows.length > 1) lines.push(...this.#accessors(name, word, access, windows))
    }
    this.#uniforms().forEach(({ name }, i) => lines.push(`@group(1) @binding(${i}) var<uniform> ${name}: u32;`))
    return lines.join('\n')
  }

  /** Places too large for one binding are read and written by functions that choose the window. */
  #accessors(name: string, word: Word, access: Bound['access'], windows: readonly Window[]): string[] {
    const each = (line: (window: string) => string): string[] =>
      windows.map(({ first, words }, i) => {
        const text = line(`${name}_${i}[${further('i', -first)}]`)
        return i === windows.length - 1 ? text : `if (i < ${first + words}i) { ${text} }`
      })
    const read = block(`fn read_${name}(i: i32) -> ${word}`, each((w) => `return ${w};`))
    const write = block(`fn write_${name}(i: i32, value: ${word})`, each((w) => `${w} = value; return;`))
    return access === 'read' ? [read] : [read, write]
  }

  /** Statements at the head of the entry point: the iterations. */
  prologue(): string[] {
    return [...this.#loops].sort((a, b) => a - b).map((loop) => `let t${loop} = ${this.#digits(loop).map((digit) => (digit === 0 ? `i32(t${loop}_0)` : `i32(t${loop}_1) * ${counterBase}i`)).join(' + ')};`)
  }

  dtype(buffer: BufferId): DType {
    return this.#memory.avalOf(buffer).dtype
  }

  #of(buffer: BufferId): Bound {
    return this.#bound.get(this.#memory.locate(buffer).place)!
  }

  /** The word at `index` of a buffer in its place. */
  #at(buffer: BufferId, index: string): string {
    const { strides, offset } = this.#memory.locate(buffer)
    const terms = strides.map(({ loop, words }) => {
      if (this.#inside === null || loop < this.#inside) this.#loops.add(loop)
      return words === 1 ? `t${loop}` : `t${loop} * ${words}i`
    })
    if (offset > 0) terms.push(`${offset}i`)
    return terms.length === 0 ? index : [index, ...terms].join(' + ')
  }

  #word(buffer: BufferId, index: string, as: Word): string {
    const { name, word, windows } = this.#of(buffer)
    const at = this.#at(buffer, index)
    const raw = windows.length === 1 ? `${name}[${further(at, -windows[0]!.first)}]` : `read_${name}(${at})`
    return word === as ? raw : `bitcast<${as}>(${raw})`
  }

  /** Element `index` of a buffer. */
  #element(buffer: BufferId, index: string): string {
    const dtype = this.dtype(buffer)
    if (dtype === 'key') return `vec2<u32>(${this.#word(buffer, `2i * ${index}`, 'u32')}, ${this.#word(buffer, `2i * ${index} + 1i`, 'u32')})`
    return fromStored(dtype, this.#word(buffer, index, wordOf(dtype)))
  }

  /** Element `index`, counted in elements of `dtype`, of what the buffer holds on the host. */
  read(buffer: BufferId, dtype: DType, index: string): string {
    const stored = this.dtype(buffer)
    if (stored === dtype) return this.#element(buffer, index)
    const [from, to] = [dtypeInfo[stored].bytes, dtypeInfo[dtype].bytes]
    if (from === to) return bitcastText(stored, dtype, this.#element(buffer, index))
    if (to === 8) return `vec2<u32>(${this.#hostWord(buffer, `2i * ${index}`)}, ${this.#hostWord(buffer, `2i * ${index} + 1i`)})`
    if (to === 4) return fromBits(dtype, this.#hostWord(buffer, index))
    const perWord = 4 / to
    return fromBits(dtype, `extractBits(${this.#hostWord(buffer, `(${index}) / ${perWord}i`)}, ${8 * to}u * (u32(${index}) % ${perWord}u), ${8 * to}u)`)
  }

  /** Four bytes of what the buffer holds on the host, as u32. */
  #hostWord(buffer: BufferId, word: string): string {
    const stored = this.dtype(buffer)
    const { bytes } = dtypeInfo[stored]
    if (bytes >= 4) return this.#word(buffer, word, 'u32')
    const parts = Array.from({ length: 4 / bytes }, (_, k) => `(${bitsText(stored, this.#element(buffer, `(${word}) * ${4 / bytes}i + ${k}i`))} << ${8 * bytes * k}u)`)
    return `(${parts.join(' | ')})`
  }

  /** The statement that stores a value of dtype `from`, `index` being counted in elements of that. */
  write(buffer: BufferId, from: DType, index: string, value: string): string {
    const dtype = this.dtype(buffer)
    // Keys inside loops are written word by word.
    if (dtype === 'key' && dtypeInfo[from].bytes === 4) return this.#put(buffer, index, bitsText(from, value), 'u32')
    const own = bitcastText(from, dtype, value)
    if (dtype === 'key') return `{ let at = 2i * ${index}; ${this.#put(buffer, 'at', `${own}.x`, 'u32')} ${this.#put(buffer, 'at + 1i', `${own}.y`, 'u32')} }`
    return this.#put(buffer, index, toStored(dtype, own), wordOf(dtype))
  }

  #put(buffer: BufferId, index: string, value: string, as: Word): string {
    const { name, word, windows } = this.#of(buffer)
    const at = this.#at(buffer, index)
    const raw = word === as ? value : `bitcast<${word}>(${value})`
    return windows.length === 1 ? `${name}[${further(at, -windows[0]!.first)}] = ${raw};` : `write_${name}(${at}, ${raw});`
  }

  /** A pointer to an element, for atomic functions. */
  pointer(buffer: BufferId, index: string): string {
    const { name, windows } = this.#of(buffer)
    return `&${name}[${further(this.#at(buffer, index), -windows[0]!.first)}]`
  }
}
