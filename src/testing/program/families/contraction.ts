/** Products summed over axes. */
import { call, type Expression, plain } from '../expression.ts'
import { isFloat, isInt, type Scope, sameShape, sizeOf, type Variable } from '../scope.ts'
import { factor } from './elementwise.ts'
import type { Maker } from './family.ts'

const numeric = (v: Variable): boolean => isFloat(v) || isInt(v)

/** Writes a sum of at most `terms` products. */
function write(scope: Scope, terms: number, a: Variable, b: Variable, make: (x: Expression, y: Expression) => Expression): void {
  const [x, y] = [factor(scope, a), factor(scope, b)]
  const size = terms * x.size * y.size
  scope.bind(make(x.e, y.e), { range: [-size, size] })
}

const matmul: Maker = (scope) => {
  const v = scope.pick((w) => numeric(w) && w.shape.length > 0)
  if (v === undefined) return
  const last = v.shape.at(-1) ?? 1
  const w = scope.pick((x) => x.dtype === v.dtype && (x.shape.length === 1 ? x.shape[0] === last : x.shape.length === 2 && x.shape[0] === last))
  if (w !== undefined) return write(scope, last, v, w, (x, y) => call(scope.choices.of(['np.matmul', 'np.dot'] as const), x, y))
  if (v.shape.length >= 2) write(scope, last, v, v, (x, y) => call('np.matmul', x, call('np.matrixTranspose', y)))
  else write(scope, last, v, v, (x, y) => call('np.dot', x, y))
}

const outer: Maker = (scope) => {
  const v = scope.pick((w) => numeric(w) && w.shape.length === 1)
  const w = v && scope.pick((x) => x.dtype === v.dtype && x.shape.length === 1)
  if (v !== undefined && w !== undefined) write(scope, 1, v, w, (x, y) => call('np.outer', x, y))
}

/** Contracting and batch axes of two arrays of one shape, in any order. */
const general: Maker = (scope) => {
  const v = scope.pick((w) => numeric(w) && w.shape.length > 0)
  const w = v && scope.pick((x) => x.dtype === v.dtype && sameShape(x.shape, v.shape))
  if (v === undefined || w === undefined) return
  const axes = scope.choices.shuffled(v.shape.map((_, i) => i))
  const contracted = scope.choices.below(axes.length + 1)
  const batched = scope.choices.below(axes.length - contracted + 1)
  const contracting = axes.slice(0, contracted)
  const batch = axes.slice(contracted, contracted + batched)
  const numbers = { contracting: [contracting, contracting], batch: [batch, batch] }
  write(scope, sizeOf(contracting.map((a) => v.shape[a] ?? 1)), v, w, (x, y) => call('lax.dotGeneral', x, y, plain({ dimensionNumbers: numbers })))
}

/** An einsum of one or two arrays: letters by size, so that equal letters fit. */
const einsum: Maker = (scope) => {
  const v = scope.pick((w) => numeric(w) && w.shape.length > 0)
  const w = v && scope.pick((x) => x.dtype === v.dtype && x.shape.length > 0)
  if (v === undefined || w === undefined) return
  const letterOf = new Map<number, string[]>()
  const label = (shape: readonly number[]): string => {
    const used = new Set<string>()
    return shape
      .map((d) => {
        const known = letterOf.get(d) ?? []
        letterOf.set(d, known)
        let letter = known.find((l) => !used.has(l))
        if (letter === undefined) {
          letter = 'ijklmnopqrst'[[...letterOf.values()].reduce((n, ls) => n + ls.length, 0)] ?? 'z'
          known.push(letter)
        }
        used.add(letter)
        return letter
      })
      .join('')
  }
  const [a, b] = [label(v.shape), label(w.shape)]
  const out = scope.choices.shuffled(scope.choices.some([...new Set(a + b)])).join('')
  const sizes = new Map<string, number>()
  ;[...a].forEach((l, i) => sizes.set(l, v.shape[i] ?? 1))
  ;[...b].forEach((l, i) => sizes.set(l, w.shape[i] ?? 1))
  const summed = [...sizes].filter(([l]) => !out.includes(l)).map(([, d]) => d)
  write(scope, sizeOf(summed), v, w, (x, y) => call('np.einsum', plain(`${a},${b}->${out}`), x, y))
}

export const contraction: readonly Maker[] = [matmul, general, einsum, outer]
