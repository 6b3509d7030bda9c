/** Where bytes come from, and gzip in front of them. */
import { gunzip, gunzipSync, packageFolder, readFile } from '#platform'
import { left, right } from '../fp/either.ts'
import { ArgumentError, FormatError, PullbackError } from '../index.ts'
import { FileError } from '../platform/types.ts'
import { type Decoded, plural, type Problem, showProblems } from './problem.ts'

/** A path (in a browser: a URL), the bytes themselves, or a file of an installed npm package. */
export type Source = string | Uint8Array | { readonly package: string; readonly file: string }

/** @throws ArgumentError unless it is bytes: that is a fault of the call, not of the file. */
export function requireBytes(operation: string, bytes: unknown): void {
  if (bytes instanceof Uint8Array) return
  const got = bytes instanceof ArrayBuffer ? 'an ArrayBuffer; new Uint8Array(buffer) gives its bytes' : describe(bytes)
  throw new ArgumentError(operation, `takes the bytes of a file, a Uint8Array, and got ${got}`)
}

/** Inflated files stay below 2 GiB, so that a small file cannot fill the memory. */
const inflateLimit = 2 ** 31 - 1

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

const broken = (bytes: Uint8Array, e: unknown): Problem => ({
  offset: 0,
  found: `${plural(bytes.length, 'byte')} of gzip that do not inflate (${e instanceof Error ? e.message : String(e)})`,
  expected: 'a whole gzip file, or one that is not compressed',
})

/** The bytes, inflated if they are gzip. */
export function inflated(bytes: Uint8Array): Decoded<Uint8Array> {
  if (!isGzip(bytes)) return right(bytes)
  if (gunzipSync === null) {
    return left([{ offset: 0, found: 'gzip, which can only be inflated in the background here', expected: 'bytes that are not compressed; or call read, which waits' }])
  }
  try {
    return right(gunzipSync(bytes, inflateLimit))
  } catch (e) {
    return left([broken(bytes, e)])
  }
}

/**
 * All bytes of a source, inflated if they are gzip.
 * @throws FormatError when there is no such file or package, or the gzip is broken.
 */
export async function readSource(operation: string, source: Source): Promise<Uint8Array> {
  const bytes = source instanceof Uint8Array ? source : await readPath(operation, pathOf(operation, source))
  if (!isGzip(bytes)) return bytes
  try {
    return await gunzip(bytes, inflateLimit)
  } catch (e) {
    throw new FormatError(operation, showProblems([broken(bytes, e)]))
  }
}

function pathOf(operation: string, source: Exclude<Source, Uint8Array>): string {
  if (typeof source === 'string') return source
  const { package: name, file } = Object(source) as Partial<typeof source>
  if (typeof name !== 'string' || typeof file !== 'string') throw new ArgumentError(operation, `takes a path, the bytes (a Uint8Array) or { package, file }, and got ${describe(source)}`)
  const folder = packageFolder(name)
  if (folder !== null) return `${folder}/${file}`
  throw new FormatError(operation, `the npm package ${name} is not installed here; npm install ${name}, or give a path or the bytes`)
}

async function readPath(operation: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (e) {
    if (e instanceof FileError) throw new FormatError(operation, e.message)
    throw e
  }
}

/** What a value is, in a word or two. */
export const describe = (x: unknown): string => (x === null ? 'null' : Array.isArray(x) ? 'a plain list' : typeof x === 'string' ? `the string '${x.slice(0, 40)}'` : typeof x === 'object' ? 'an object' : `a ${typeof x}`)

/** Runs a body whose errors are said in the name of the function that was called. */
export function within<R>(operation: string, body: () => R): R {
  try {
    return body()
  } catch (e) {
    throw e instanceof PullbackError ? e.inNameOf(operation) : e
  }
}

/** @throws ArgumentError for an option that is not among the known ones. */
export function requireOptions(operation: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw new ArgumentError(operation, `got ${describe(options)} in place of options; known options: ${known.join(', ')}`)
  const unknown = Reflect.ownKeys(options).filter((name) => typeof name !== 'string' || !known.includes(name))
  if (unknown.length > 0) throw new ArgumentError(operation, `unknown option '${unknown.map(String).join(', ')}'; known options: ${known.join(', ')}`)
}
