/**
 * The safetensors format, over bytes: the length of the header as a little-endian uint64, the header as JSON (name ->
 * dtype, shape, data_offsets; and `__metadata__`, text -> text), then the tensors, little-endian and row-major, which
 * fill the rest of the file without overlap or hole.
 *
 * Source: https://github.com/huggingface/safetensors, README, section "Format".
 */
import { left, right } from '../fp/either.ts'
import type { Decoded, Problem } from './problem.ts'
import { plural, sizeOf } from './problem.ts'

/** The format's names of the dtypes read here, with the bytes of one element. */
export const safetensorsBytes = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 } as const
export type SafetensorsDType = keyof typeof safetensorsBytes
export const isSafetensorsDType = (name: unknown): name is SafetensorsDType => typeof name === 'string' && Object.hasOwn(safetensorsBytes, name)

export interface RawTensor {
  readonly dtype: SafetensorsDType
  readonly shape: readonly number[]
  /** Row-major, little-endian. A view of the file's bytes, not aligned. */
  readonly bytes: Uint8Array
  /** Where `bytes` begin in the file. */
  readonly offset: number
}

export interface RawFile {
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, RawTensor>
  readonly metadata: ReadonlyMap<string, string>
}

const metadataName = '__metadata__'
/** The reference implementation's limit: a longer header is an attack or a mistake. */
const maxHeader = 100_000_000

const isObject = (x: unknown): x is Readonly<Record<string, unknown>> => typeof x === 'object' && x !== null && !Array.isArray(x)
const isSize = (x: unknown): x is number => typeof x === 'number' && Number.isSafeInteger(x) && x >= 0
const isSizes = (x: unknown): x is readonly number[] => Array.isArray(x) && x.every(isSize)

function show(x: unknown): string {
  const text = x === undefined ? 'nothing' : JSON.stringify(x)
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`
}

export function decodeSafetensorsBytes(bytes: Uint8Array): Decoded<RawFile> {
  const end = (expected: string): Decoded<never> => left([{ offset: bytes.length, found: `the end after ${plural(bytes.length, 'byte')}`, expected }])
  if (bytes.length < 8) return end('the length of the header in 8 bytes')
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true)
  if (length > maxHeader) return left([{ offset: 0, found: `a header length of ${length}`, expected: `at most ${maxHeader}: this is no safetensors file` }])
  const start = 8 + Number(length)
  if (bytes.length < start) return end(`a header of ${plural(Number(length), 'byte')}, up to byte ${start}`)

  const header = parseHeader(bytes.subarray(8, start))
  if ('offset' in header) return left([header])
  const { text, value } = header
  /** Where a tensor is described: its name in the header. */
  const placeOf = (name: string): number => 8 + new TextEncoder().encode(text.slice(0, Math.max(0, text.indexOf(`${JSON.stringify(name)}`)))).length
  const problems: Problem[] = []
  const metadata = new Map<string, string>()
  const tensors: [string, RawTensor][] = []
  for (const [name, entry] of Object.entries(value)) {
    if (name === metadataName) problems.push(...readMetadata(entry, placeOf(name), metadata))
    else {
      const read = readEntry(name, entry, placeOf(name), bytes, start)
      if (Array.isArray(read)) problems.push(...read)
      else tensors.push([name, read])
    }
  }
  // Only when every entry could be read does it make sense to ask whether together they fill the file.
  if (problems.length === 0) problems.push(...findGaps(tensors, start, bytes.length))
  if (problems.length > 0) return left(problems)
  return right({ tensors: new Map(inFileOrder(tensors)), metadata })
}

const inFileOrder = (tensors: readonly [string, RawTensor][]): [string, RawTensor][] =>
  [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.bytes.length - b.bytes.length)

function parseHeader(bytes: Uint8Array): Problem | { readonly text: string; readonly value: Readonly<Record<string, unknown>> } {
  let text = ''
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return { offset: 8, found: 'bytes that are no UTF-8', expected: 'a header of JSON in UTF-8' }
  }
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? { text, value } : { offset: 8, found: show(value), expected: 'a JSON object' }
  } catch (e) {
    return { offset: 8, found: `text that is no JSON (${e instanceof Error ? e.message : String(e)})`, expected: 'a JSON object' }
  }
}

function readMetadata(entry: unknown, offset: number, into: Map<string, string>): Problem[] {
  if (!isObject(entry)) return [{ offset, found: `${metadataName}: ${show(entry)}`, expected: 'an object of texts' }]
  return Object.entries(entry).flatMap(([key, value]) => {
    if (typeof value !== 'string') return [{ offset, found: `${metadataName}.${key}: ${show(value)}`, expected: 'a text' }]
    into.set(key, value)
    return []
  })
}

/** One tensor of the header, or everything that is wrong with it. */
function readEntry(name: string, entry: unknown, offset: number, file: Uint8Array, start: number): RawTensor | Problem[] {
  const problem = (found: string, expected: string): Problem => ({ offset, found: `tensor ${JSON.stringify(name)} with ${found}`, expected })
  if (!isObject(entry)) return [problem(show(entry), 'an object with dtype, shape and data_offsets')]
  const { dtype, shape, data_offsets: offsets } = entry
  const problems: Problem[] = []
  if (!isSafetensorsDType(dtype)) problems.push(problem(`dtype ${show(dtype)}`, `one of ${Object.keys(safetensorsBytes).join(', ')}`))
  if (!isSizes(shape)) problems.push(problem(`shape ${show(shape)}`, 'a list of integers from 0'))
  if (!isSizes(offsets) || offsets.length !== 2) {
    problems.push(problem(`data_offsets ${show(offsets)}`, 'two integers from 0: the first byte and the one after the last'))
    return problems
  }
  const [first = 0, last = 0] = offsets
  if (first > last || start + last > file.length) {
    problems.push(problem(`data_offsets [${first}, ${last}]`, `a range within the ${plural(file.length - start, 'byte')} of data`))
  } else if (isSafetensorsDType(dtype) && isSizes(shape)) {
    const size = sizeOf(shape) * safetensorsBytes[dtype]
    if (last - first === size) {
      const bytes = file.subarray(start + first, start + last)
      const odd = dtype === 'BOOL' ? bytes.findIndex((b) => b > 1) : -1
      if (odd < 0) return { dtype, shape, bytes, offset: start + first }
      problems.push({ offset: start + first + odd, found: `${bytes[odd] ?? 0} in tensor ${JSON.stringify(name)} of BOOL`, expected: '0 or 1' })
    } else problems.push(problem(plural(last - first, 'byte'), `${size}, for ${dtype}[${shape.join(',')}]`))
  }
  return problems
}

function findGaps(tensors: readonly [string, RawTensor][], start: number, end: number): Problem[] {
  const problems: Problem[] = []
  let at = start
  for (const [name, { offset, bytes }] of inFileOrder(tensors)) {
    if (offset !== at) {
      const found = offset > at ? `${plural(offset - at, 'byte')} of no tensor, before ${JSON.stringify(name)}` : `tensor ${JSON.stringify(name)} from byte ${offset}, inside another one`
      problems.push({ offset: Math.min(at, offset), found, expected: 'tensors that follow each other without hole or overlap' })
    }
    at = Math.max(at, offset + bytes.length)
  }
  if (at < end) problems.push({ offset: at, found: `${plural(end - at, 'byte')} after the last tensor`, expected: 'the end of the file' })
  return problems
}

/**
 * The bytes of a file. Wide elements come first, then by name, and the data begin at a multiple of 8, so that every
 * tensor is aligned and equal contents give equal bytes.
 */
export function encodeSafetensorsBytes(tensors: ReadonlyMap<string, Omit<RawTensor, 'offset'>>, metadata: ReadonlyMap<string, string> = new Map()): Uint8Array {
  if (tensors.has(metadataName)) throw new RangeError(`a tensor cannot be called ${metadataName}: the format keeps that name for its metadata`)
  const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  const ordered = [...tensors].sort(([a, x], [b, y]) => safetensorsBytes[y.dtype] - safetensorsBytes[x.dtype] || byText(a, b))
  let at = 0
  const entries = ordered.map(([name, { dtype, shape, bytes }]) => [name, { dtype, shape, data_offsets: [at, (at += bytes.length)] }] as const)
  const header = [...(metadata.size > 0 ? [[metadataName, Object.fromEntries([...metadata].sort(([a], [b]) => byText(a, b)))] as const] : []), ...entries]
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const start = 8 + Math.ceil(json.length / 8) * 8
  const file = new Uint8Array(start + at)
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true)
  file.set(json, 8)
  file.fill(0x20, 8 + json.length, start)
  at = start
  for (const [, { bytes }] of ordered) {
    file.set(bytes, at)
    at += bytes.length
  }
  return file
}
