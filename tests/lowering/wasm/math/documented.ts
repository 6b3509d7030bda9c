import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The bounds that docs/math-accuracy.md promises, in units of the last place, by function. */
export const documentedBounds: ReadonlyMap<string, { readonly float32: number; readonly float64: number }> = new Map(
  readFileSync(fileURLToPath(new URL('../../../../docs/math-accuracy.md', import.meta.url)), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, name = '', float32 = '', float64 = ''] = line.split('|').map((cell) => cell.trim())
      return /^`\w+`$/.test(name) && /^[\d.]+$/.test(float32) ? [[name.slice(1, -1), { float32: Number(float32), float64: Number(float64) }] as const] : []
    }),
)
