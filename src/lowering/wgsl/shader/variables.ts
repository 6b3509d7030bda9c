/** Loop variables in WGSL. */
import { sizeOf } from '../../../core/aval.ts'

/** Loop variables `name + (first + k)` from a row-major number; those of size 1 are left out. */
export function unravel(from: string, sizes: readonly number[], name: string, first: number): string[] {
  const lines: string[] = []
  let stride = 1
  for (let k = sizes.length - 1; k >= 0; k--) {
    const size = sizes[k]!
    if (size === 1) continue
    const quotient = stride === 1 ? from : `(${from} / ${stride}i)`
    lines.push(`let ${name}${first + k} = ${stride * size === sizeOf(sizes) ? quotient : `${quotient} % ${size}i`};`)
    stride *= size
  }
  return lines
}

/** The same for loop variables that are not neighbours: `dims` of `sizes`, the last the fastest. */
export function unravelSome(from: string, sizes: readonly number[], dims: readonly number[], name: string): string[] {
  const own = dims.map((d) => sizes[d]!)
  return unravel(from, own, '', 0).map((line) => line.replace(/^let (\d+)/, (_, k: string) => `let ${name}${dims[Number(k)]}`))
}

export const variableNames = (sizes: readonly number[], name: string): string[] => sizes.map((size, d) => (size === 1 ? '0i' : `${name}${d}`))
