/** From a drawing of any size and place to 28 by 28 grey values as MNIST has them. */

export const side = 28
/** MNIST's digits fit a box of 20 by 20, in the middle of 28 by 28 by their centre of mass. */
const box = 20

/** Ink by place: 0 is paper, 255 ink. */
export interface Ink {
  readonly width: number
  readonly height: number
  readonly at: (x: number, y: number) => number
}

/** The least box around all ink, and the ink's centre of mass; null for an empty sheet. */
function extentOf({ width, height, at }: Ink): { readonly left: number; readonly top: number; readonly longer: number; readonly x: number; readonly y: number } | null {
  let [left, top, right, bottom, mass, x, y] = [width, height, -1, -1, 0, 0, 0]
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      const ink = at(u, v)
      if (ink === 0) continue
      left = Math.min(left, u)
      right = Math.max(right, u)
      top = Math.min(top, v)
      bottom = Math.max(bottom, v)
      mass += ink
      x += ink * (u + 0.5)
      y += ink * (v + 0.5)
    }
  }
  return mass === 0 ? null : { left, top, longer: Math.max(right - left, bottom - top) + 1, x: x / mass, y: y / mass }
}

/** Scaled to the box of 20, and moved to the middle. Null for an empty sheet. */
export function normalized(ink: Ink): Uint8Array | null {
  const extent = extentOf(ink)
  if (extent === null) return null
  const scale = box / extent.longer
  const sums = new Float64Array(side * side)
  for (let v = 0; v < ink.height; v++) {
    for (let u = 0; u < ink.width; u++) {
      const grey = ink.at(u, v)
      if (grey === 0) continue
      const x = Math.floor(side / 2 + (u + 0.5 - extent.x) * scale)
      const y = Math.floor(side / 2 + (v + 0.5 - extent.y) * scale)
      if (x >= 0 && x < side && y >= 0 && y < side) sums[y * side + x]! += grey * scale * scale
    }
  }
  return Uint8Array.from(sums, (sum) => Math.min(255, Math.round(sum)))
}
