import { lax, np } from 'pullback'
import { type Case, contraction, holds, load } from './load.ts'

type Pair = readonly [readonly number[], readonly number[]]
interface Fixture {
  readonly dotGeneral: readonly Case<{ readonly contracting: Pair; readonly batch: Pair }>[]
  readonly einsum: readonly Case<{ readonly subscripts: string }>[]
  readonly tensordot: readonly Case<{ readonly axes: number | Pair }>[]
  readonly matmul: readonly Case<object>[]
  readonly dot: readonly Case<object>[]
  readonly vdot: readonly Case<object>[]
}

const fixture = load<Fixture>('contraction.json')
holds('dotGeneral', fixture.dotGeneral, (dimensionNumbers) => (x, y) => lax.dotGeneral(x, y, { dimensionNumbers }), contraction)
holds('einsum', fixture.einsum, ({ subscripts }) => (...xs) => np.einsum(subscripts, ...xs), contraction)
holds('tensordot', fixture.tensordot, ({ axes }) => (x, y) => np.tensordot(x, y, axes), contraction)
holds('matmul', fixture.matmul, () => (x, y) => np.matmul(x, y), contraction)
holds('dot', fixture.dot, () => (x, y) => np.dot(x, y), contraction)
holds('vdot', fixture.vdot, () => (x, y) => np.vdot(x, y), contraction)
