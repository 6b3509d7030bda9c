/** `xs.map(f)`, whose type forgets how many there are. */
export function mapTuple<const T extends readonly unknown[], R>(xs: T, f: (x: T[number], i: number) => R): { -readonly [K in keyof T]: R } {
  return xs.map(f) as { -readonly [K in keyof T]: R } // one for each
}
