/** The platform in browsers: pages and workers. See `types.ts` for what each name means. */
import { FileError } from './types.ts'

export const platformName = 'browser' as const

export async function readFile(path: string): Promise<Uint8Array> {
  const response = await fetch(path).catch((e: unknown) => {
    throw new FileError(path, `cannot fetch ${path}: ${e instanceof Error ? e.message : String(e)}`)
  })
  if (!response.ok) throw new FileError(path, `cannot fetch ${path}: ${response.status} ${response.statusText}`)
  return new Uint8Array(await response.arrayBuffer())
}

export function writeFile(path: string, _content: Uint8Array | string): Promise<void> {
  return Promise.reject(new FileError(path, `cannot write ${path}: a browser has no file system; keep the encoded bytes and offer them as a Blob`))
}

export async function gunzip(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  const reader = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    parts.push(value)
    length += value.byteLength
    if (length > limit) {
      await reader.cancel()
      throw new RangeError(`inflates to more than ${limit} bytes`)
    }
  }
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.byteLength
  }
  return out
}

export const gunzipSync: ((bytes: Uint8Array, limit: number) => Uint8Array) | null = null

export const now = (): number => performance.now()

export function writeLine(text: string): void {
  console.warn(text)
}

export const packageFolder = (_name: string): string | null => null

export const collectGarbage: (() => void) | null = null
