/** Polynomials as text. */

/** c0 + z (c1 + z (c2 + …)) as an expression. */
export function poly(z: string, coefficients: readonly number[]): string {
  const text = (c: number): string => (/[.e]/.test(String(c)) ? `${c}f` : `${c}.0f`)
  return coefficients.reduceRight((rest, c) => (rest === '' ? text(c) : `(${text(c)} + ${z} * ${rest})`), '')
}
