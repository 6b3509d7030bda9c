/** Who imports whom among the sources, read from their text. */
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'

export interface Import {
  /** As written: './x.ts', 'fp-ts/lib/Either.js', '#platform'. */
  readonly specifier: string
  /** A file under src/ (`core/aval.ts`), or null for a package. */
  readonly target: string | null
  /** Erased by the compiler. */
  readonly typeOnly: boolean
}

export type ImportGraph = ReadonlyMap<string, readonly Import[]>

export const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')

const statement = /^(?:import|export)\s+(type\s)?([^'"`;()]*?)\bfrom\s*['"]([^'"]+)['"]/gm
const bare = /^import\s*['"]([^'"]+)['"]/gm
const dynamic = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

/** `{ type A, type B }` names only types, so its statement is erased like `import type`. */
const allTypes = (names: string): boolean => /^\{[^}]*\}\s*$/.test(names) && names.replace(/[{}]/g, '').split(',').every((n) => n.trim() === '' || n.trim().startsWith('type '))

export function importsOf(file: string, text: string): Import[] {
  const code = withoutComments(text)
  const resolve = (specifier: string, typeOnly: boolean): Import => ({
    specifier,
    target: specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : ownTarget(specifier),
    typeOnly,
  })
  return [
    ...[...code.matchAll(statement)].map(([, type, names, specifier]) => resolve(specifier ?? '', type !== undefined || allTypes(names ?? ''))),
    ...[...code.matchAll(bare)].map(([, specifier]) => resolve(specifier ?? '', false)),
    ...[...code.matchAll(dynamic)].map(([, specifier]) => resolve(specifier ?? '', false)),
  ]
}

function ownTarget(specifier: string): string | null {
  if (specifier === '#platform') return 'platform/node.ts'
  if (specifier === 'pullback') return 'index.ts'
  return specifier.startsWith('pullback/') ? `${specifier.slice('pullback/'.length)}/index.ts` : null
}

export function importGraph(folder: string): ImportGraph {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts'))
    .sort()
  return new Map(files.map((file) => [file, importsOf(file, readFileSync(`${folder}/${file}`, 'utf8'))]))
}

/** Cycles among imports that remain at run time: one list of files for each knot of the graph. */
export function cycles(graph: ImportGraph): string[][] {
  // Tarjan's strongly connected components.
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  const visit = (file: string): void => {
    const order = index.size
    index.set(file, order)
    low.set(file, order)
    stack.push(file)
    for (const { target, typeOnly } of graph.get(file) ?? []) {
      if (target === null || typeOnly || !graph.has(target)) continue
      if (!index.has(target)) {
        visit(target)
        low.set(file, Math.min(low.get(file) ?? 0, low.get(target) ?? 0))
      } else if (stack.includes(target)) {
        low.set(file, Math.min(low.get(file) ?? 0, index.get(target) ?? 0))
      }
    }
    if (low.get(file) !== order) return
    const knot = stack.splice(stack.indexOf(file))
    const self = (graph.get(file) ?? []).some(({ target, typeOnly }) => target === file && !typeOnly)
    if (knot.length > 1 || self) found.push(knot.sort())
  }
  for (const file of graph.keys()) if (!index.has(file)) visit(file)
  return found
}
