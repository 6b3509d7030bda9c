/** Polynomials as text. */

const text = (c: number): string => (/[.e]/.test(String(c)) ? `${c}f` : `${c}.0f`)

/** c0 + z (c1 + z (c2 + …)) as an expression. */
export const poly = (z: string, coefficients: readonly number[]): string => coefficients.reduceRight((rest, c) => (rest === '' ? text(c) : `(${text(c)} + ${z} * ${rest})`), '')

/** The same as (c0 + c1 z) + z² ((c2 + c3 z) + z² …): shorter chains (Estrin). */
export function polyByPairs(z: string, coefficients: readonly number[]): string {
  const pairs = Array.from({ length: Math.ceil(coefficients.length / 2) }, (_, i) => poly(z, coefficients.slice(2 * i, 2 * i + 2)))
  return pairs.reduceRight((rest, pair) => `(${pair} + (${z} * ${z}) * ${rest})`)
}

/** The same as x (c1 + c3 x² …) + (c0 + c2 x² …). */
export function polyByParity(x: string, coefficients: readonly number[]): string {
  const parity = (odd: number): string => poly(`(${x} * ${x})`, coefficients.filter((_, i) => i % 2 === odd))
  return `(${parity(1)} * ${x} + ${parity(0)})`
}
