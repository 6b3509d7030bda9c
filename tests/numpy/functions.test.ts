// Each function against JAX: the expression on the left was evaluated by make_functions.py, the one on the right is ours.
import { grad, lax, type NDArray, np } from 'pullback'
import { describe, test } from 'vitest'
import { array, expectClose, type Fixed, load, on, prepared, type Tolerance, ways } from '../oracle/load.ts'

type Name = 'A' | 'N' | 'S' | 'V' | 'T'
type Inputs = Readonly<Record<Name, NDArray>>
interface Fixture {
  readonly inputs: Readonly<Record<Name, Fixed>>
  readonly cases: Readonly<Record<keyof typeof functions, { readonly out: Fixed; readonly gradient?: Fixed }>>
}
const int32 = { dtype: 'int32' } as const

const functions = {
  "jnp.pad(A, 2, mode='edge')": ({ A }) => np.pad(A, 2, { mode: 'edge' }),
  "jnp.pad(A, ((3,4),(5,2)), mode='reflect')": ({ A }) => np.pad(A, [[3, 4], [5, 2]], { mode: 'reflect' }),
  "jnp.pad(A, ((3,4),(5,2)), mode='symmetric')": ({ A }) => np.pad(A, [[3, 4], [5, 2]], { mode: 'symmetric' }),
  "jnp.pad(A, ((3,9),(5,2)), mode='wrap')": ({ A }) => np.pad(A, [[3, 9], [5, 2]], { mode: 'wrap' }),
  'jnp.pad(A, (1,2), constant_values=7)': ({ A }) => np.pad(A, [1, 2], { constantValues: 7 }),
  'jnp.roll(A, (1,-2), axis=(0,1))': ({ A }) => np.roll(A, [1, -2], [0, 1]),
  'jnp.roll(A, jnp.int32(5))': ({ A }) => np.roll(A, np.array(5, int32)),
  'jnp.rot90(A)': ({ A }) => np.rot90(A),
  'jnp.rot90(A,k=3)': ({ A }) => np.rot90(A, { k: 3 }),
  'jnp.rot90(A,k=-2)': ({ A }) => np.rot90(A, { k: -2 }),
  'jnp.quantile(A, jnp.array([.1,.5,.99]), axis=1)': ({ A }) => np.quantile(A, np.array([.1, .5, .99]), 1),
  'jnp.quantile(A, 0.3)': ({ A }) => np.quantile(A, 0.3),
  "jnp.quantile(A, 0.3, axis=0, keepdims=True, method='nearest')": ({ A }) => np.quantile(A, 0.3, { axis: 0, keepdims: true, method: 'nearest' }),
  "jnp.percentile(A, 30, axis=(0,1), method='midpoint')": ({ A }) => np.percentile(A, 30, [0, 1], { method: 'midpoint' }),
  'jnp.median(A, axis=0)': ({ A }) => np.median(A, 0),
  'jnp.median(N, axis=1)': ({ N }) => np.median(N, 1),
  'jnp.searchsorted(S, V)': ({ S, V }) => np.searchsorted(S, V),
  "jnp.searchsorted(S, V, side='right')": ({ S, V }) => np.searchsorted(S, V, { side: 'right' }),
  'jnp.digitize(V, S)': ({ S, V }) => np.digitize(V, S),
  'jnp.digitize(V, S[::-1], right=True)': ({ S, V }) => np.digitize(V, S.slice([null, null, -1]), { right: true }),
  'jnp.unique(S)': ({ S }) => np.unique(S),
  'jnp.unique(S, return_counts=True)[1]': ({ S }) => np.unique(S, { returnCounts: true })[1]!,
  'jnp.unique(S, return_inverse=True)[1]': ({ S }) => np.unique(S, { returnInverse: true })[1]!,
  'jnp.unique(S, return_index=True)[1]': ({ S }) => np.unique(S, { returnIndex: true })[1]!,
  'jnp.unique(N.ravel())': ({ N }) => np.unique(N),
  'jnp.cross(A[:, :3], A[::-1, 1:4])': ({ A }) => np.cross(A.slice([], [0, 3]), A.slice([null, null, -1], [1, 4])),
  'jnp.cross(A[:, :2], A[:, 2:4])': ({ A }) => np.cross(A.slice([], [0, 2]), A.slice([], [2, 4])),
  'jnp.kron(A, jnp.array([1.,2.]))': ({ A }) => np.kron(A, np.array([1, 2])),
  'jnp.inner(A, A)': ({ A }) => np.inner(A, A),
  'jnp.diff(A, n=2, axis=0)': ({ A }) => np.diff(A, { n: 2, axis: 0 }),
  'jnp.diagonal(A, offset=-1)': ({ A }) => np.diagonal(A, { offset: -1 }),
  'jnp.diagonal(A, offset=2)': ({ A }) => np.diagonal(A, { offset: 2 }),
  'jnp.diag(V, k=1)': ({ V }) => np.diag(V, { k: 1 }),
  'jnp.diag(V, k=-2)': ({ V }) => np.diag(V, -2),
  'jnp.trace(A, offset=1)': ({ A }) => np.trace(A, { offset: 1 }),
  'jnp.tri(3,5,1)': () => np.tri(3, 5, { k: 1 }),
  'jnp.eye(3,4,k=-1)': () => np.eye(3, 4, { k: -1 }),
  'jnp.argsort(S, descending=True)': ({ S }) => np.argsort(S, { descending: true }),
  'jnp.sort(N, axis=0, descending=True)': ({ N }) => np.sort(N, { axis: 0, descending: true }),
  'jnp.argsort(N, axis=1)': ({ N }) => np.argsort(N, 1),
  'jnp.lexsort((S, S % 2))': ({ S }) => np.lexsort([S, np.mod(S, 2)]),
  'jnp.linspace(0., A[0], 4, axis=1)': ({ A }) => np.linspace(0, A.slice(0), 4, { axis: 1 }),
  'jnp.logspace(0, 2, 5)': () => np.logspace(0, 2, 5),
  'jnp.geomspace(1, 1000, 4)': () => np.geomspace(1, 1000, 4),
  'jnp.arange(5, 1, -2)': () => np.arange(5, 1, -2),
  'jnp.arange(0., 1., 0.3)': () => np.arange(0, 1, 0.3),
  'jnp.nanmax(N, axis=1)': ({ N }) => np.nanmax(N, 1),
  'jnp.nanmean(N, axis=0)': ({ N }) => np.nanmean(N, 0),
  'jnp.nanvar(N, axis=1)': ({ N }) => np.nanvar(N, 1),
  'jnp.nanstd(N)': ({ N }) => np.nanstd(N),
  'jnp.nanargmin(N, axis=1)': ({ N }) => np.nanargmin(N, 1),
  'jnp.nansum(N, axis=1)': ({ N }) => np.nansum(N, 1),
  'jnp.nancumsum(N, axis=1)': ({ N }) => np.nancumsum(N, 1),
  'jnp.average(A, axis=1, weights=jnp.arange(4.))': ({ A }) => np.average(A, 1, { weights: np.arange(4) }),
  'jnp.var(A, axis=1, ddof=1)': ({ A }) => np.var(A, 1, { ddof: 1 }),
  'jnp.std(A)': ({ A }) => np.std(A),
  'jnp.sum(A, where=A>0, initial=3., axis=0)': ({ A }) => np.sum(A, { where: np.greater(A, 0), initial: 3, axis: 0 }),
  'jnp.max(A, where=A<0, initial=-9., axis=1)': ({ A }) => np.max(A, { where: np.less(A, 0), initial: -9, axis: 1 }),
  'jnp.mean(A, where=A>0, axis=1)': ({ A }) => np.mean(A, 1, { where: np.greater(A, 0) }),
  'jnp.repeat(A, jnp.array([1,0,3]), axis=0)': ({ A }) => np.repeat(A, [1, 0, 3], 0),
  'jnp.tile(A, (2,1,2))': ({ A }) => np.tile(A, [2, 1, 2]),
  'jnp.array_split(V, 3)[1]': ({ V }) => np.arraySplit(V, 3)[1]!,
  'jnp.dstack((A, A))': ({ A }) => np.dstack([A, A]),
  'jnp.column_stack((V, V))': ({ V }) => np.columnStack([V, V]),
  'jnp.hstack((V,V))': ({ V }) => np.hstack([V, V]),
  'jnp.vstack((V,V))': ({ V }) => np.vstack([V, V]),
  'jnp.meshgrid(V, S)[0]': ({ S, V }) => np.meshgrid(V, S)[0]!,
  "jnp.meshgrid(V, S, indexing='ij')[1]": ({ S, V }) => np.meshgrid(V, S, { indexing: 'ij' })[1]!,
  'jnp.indices((2,3))': () => np.indices([2, 3]),
  'jnp.isin(S, V)': ({ S, V }) => np.isin(S, V),
  'jnp.intersect1d(S, V)': ({ S, V }) => np.intersect1d(S, V),
  'jnp.setxor1d(S, V)': ({ S, V }) => np.setxor1d(S, V),
  'jnp.union1d(S, V)': ({ S, V }) => np.union1d(S, V),
  'jnp.nonzero(A > 0)[1]': ({ A }) => np.nonzero(np.greater(A, 0))[1]!,
  'jnp.argwhere(A > 1)': ({ A }) => np.argwhere(np.greater(A, 1)),
  'jnp.select([A>1, A>0], [A, -A], 5)': ({ A }) => np.select([np.greater(A, 1), np.greater(A, 0)], [A, np.negative(A)], 5),
  'jnp.round(A*7.123, 2)': ({ A }) => np.round(A.mul(7.123), 2),
  'jnp.round(A*700, -2)': ({ A }) => np.round(A.mul(700), -2),
  'jnp.divmod(A, 0.7)[0]': ({ A }) => np.divmod(A, 0.7)[0],
  'jnp.modf(A)[0]': ({ A }) => np.modf(A)[0],
  'jnp.floor_divide(A, -0.7)': ({ A }) => np.floorDivide(A, -0.7),
  'jnp.nan_to_num(N, posinf=5.)': ({ N }) => np.nanToNum(N, { posinf: 5 }),
  'jnp.isclose(A, A+1e-6)': ({ A }) => np.isclose(A, A.add(1e-6)),
  'jnp.allclose(N, N, equal_nan=True)': ({ N }) => np.allclose(N, N, { equalNan: true }),
  'jnp.logaddexp(A, -A)': ({ A }) => np.logaddexp(A, np.negative(A)),
  'jnp.hypot(A, A*2)': ({ A }) => np.hypot(A, A.mul(2)),
  'jnp.sinc(A)': ({ A }) => np.sinc(A),
  'jax.grad(lambda x: jnp.sinc(x).sum())(A)': ({ A }) => grad((x: NDArray) => np.sum(np.sinc(x)))(A),
  'jax.grad(jax.grad(jnp.sinc))(0.)': () => grad(grad(np.sinc))(0),
  'jax.grad(jax.grad(lambda x: jnp.logaddexp(x, 1.)))(1.)': () => grad(grad((x: NDArray) => np.logaddexp(x, 1)))(np.array(1)),
  "jnp.einsum('ijk,kl,jl->il', T, A[0:4].T[0:4,:], jnp.ones((3,3)))": ({ A, T }) => np.einsum('ijk, kl, jl->il', T, A.transpose(), np.ones([3, 3])),
  "jnp.einsum('iji->j', jnp.arange(12.).reshape(2,3,2))": () => np.einsum('iji->j', np.arange(12, { dtype: 'float32' }).reshape([2, 3, 2])),
  "jnp.einsum('...ij,jk', T, jnp.ones((4,2)))": ({ T }) => np.einsum('...ij, jk', T, np.ones([4, 2])),
  "jnp.einsum('ij->', A)": ({ A }) => np.einsum('ij->', A),
  "jnp.einsum('i,j->ji', V, S)": ({ S, V }) => np.einsum('i, j->ji', V, S),
  "jnp.einsum('a...,b...->...ab', A, A)": ({ A }) => np.einsum('a..., b...->...ab', A, A),
  "jnp.einsum('ij,ij->i', A, A)": ({ A }) => np.einsum('ij, ij->i', A, A),
  'jnp.cumprod(A, axis=1)': ({ A }) => np.cumprod(A, 1),
  'jnp.take(A, jnp.array([[0,9],[-1,2]]), axis=1)': ({ A }) => np.take(A, np.array([[0, 9], [-1, 2]], int32), 1),
  'jnp.array_equal(A, A)': ({ A }) => np.arrayEqual(A, A),
  'jnp.vecdot(A, A)': ({ A }) => np.vecdot(A, A),
  'jnp.matvec(A, jnp.arange(4.))': ({ A }) => np.matvec(A, np.arange(4)),
  'jax.lax.reduce(A, 2., jax.lax.add, (1,))': ({ A }) => lax.reduce(A, 2, lax.add, [1]),
  'jax.lax.reduce(A, 0., lambda x, y: jnp.maximum(x, y) , (0,1))': ({ A }) => lax.reduce(A, 0, (x, y) => np.where(np.greater(x, y), x, y), [0, 1]),
  "jax.lax.reduce_window(A, 2., jax.lax.add, (2,2), (1,1), 'SAME', base_dilation=(2,1))": ({ A }) => lax.reduceWindow(A, 2, lax.add, [2, 2], [1, 1], 'SAME', { baseDilation: [2, 1] }),
  "jax.lax.reduce_window(A, 2., jax.lax.add, (2,2), (1,2), 'SAME_LOWER')": ({ A }) => lax.reduceWindow(A, 2, lax.add, [2, 2], [1, 2], 'SAME_LOWER'),
  'jax.lax.dynamic_index_in_dim(A, -1, 0, keepdims=False)': ({ A }) => lax.dynamicIndexInDim(A, -1, 0, false),
  'jax.lax.dynamic_update_index_in_dim(A, jnp.zeros(4), 1, 0)': ({ A }) => lax.dynamicUpdateIndexInDim(A, np.zeros(4), 1, 0),
  'jax.lax.sort_key_val(V, V*2)[1]': ({ V }) => lax.sortKeyVal(V, V.mul(2))[1],
  'jax.lax.broadcast(V, (2,))': ({ V }) => lax.broadcast(V, [2]),
  'jax.lax.slice_in_dim(A, 1, None, 2, axis=1)': ({ A }) => lax.sliceInDim(A, 1, null, 2, 1),
  'jax.lax.round(A*1.0+0.5)': ({ A }) => lax.round(A.add(0.5)),
  'jax.lax.div(jnp.int32(-7), jnp.int32(2))': () => lax.div(np.array(-7, int32), np.array(2, int32)),
  'jnp.cumsum(jnp.array([100,100],dtype=jnp.int8))': () => np.cumsum(np.array([100, 100], { dtype: 'int8' })),
  'jnp.moveaxis(T, (0,1), (-1,0))': ({ T }) => np.moveaxis(T, [0, 1], [-1, 0]),
  'jnp.atleast_3d(A)': ({ A }) => np.atleast3d(A),
  'jnp.append(A, V)': ({ A, V }) => np.append(A, V),
  'jnp.tril(T, -1)': ({ T }) => np.tril(T, -1),
  'jnp.signbit(jnp.array([-0.,1,-3]))': () => np.signbit(np.array([-0, 1, -3])),
  'jnp.heaviside(A, 0.5)': ({ A }) => np.heaviside(A, 0.5),
  'jnp.copysign(A, -1.)': ({ A }) => np.copysign(A, -1),
  'jnp.ptp(A, axis=0)': ({ A }) => np.ptp(A, 0),
  'jnp.clip(A, -1, 1)': ({ A }) => np.clip(A, -1, 1),
  'jnp.count_nonzero(A, axis=1)': ({ A }) => np.countNonzero(A, 1),
  'jnp.power(jnp.arange(5), jnp.arange(5))': () => np.power(np.arange(5), np.arange(5)),
  'jnp.compress(jnp.array([True,False,True]), A, axis=0)': ({ A }) => np.compress(np.array([true, false, true]), A, 0),
  'jnp.choose(jnp.array([0,1,2,1]), [A[0],A[1],A[2]])': ({ A }) => np.choose(np.array([0, 1, 2, 1], int32), [A.slice(0), A.slice(1), A.slice(2)]),
  'jnp.matmul(T, jnp.ones((4,)))': ({ T }) => np.matmul(T, np.ones(4)),
  'jnp.matmul(jnp.ones((3,)), T)': ({ T }) => np.matmul(np.ones(3), T),
  'jnp.matmul(A, T.transpose(0,2,1))': ({ A, T }) => np.matmul(A, T.transpose([0, 2, 1])),
  'jnp.linspace(-1., 1., 5)': () => np.linspace(-1, 1, 5),
  'jnp.linspace(0., 1., 4, endpoint=False)': () => np.linspace(0, 1, { num: 4, endpoint: false }),
  'jnp.swapaxes(T, 0, -1)': ({ T }) => np.swapaxes(T, 0, -1),
  'jnp.broadcast_to(V, (2, 6))': ({ V }) => np.broadcastTo(V, [2, 6]),
  'jnp.stack([A, A], axis=1)': ({ A }) => np.stack([A, A], 1),
  'jnp.concatenate([A, T[0]], axis=1)': ({ A, T }) => np.concatenate([A, T.slice(0)], 1),
  'jnp.tensordot(A, T, axes=([0, 1], [1, 2]))': ({ A, T }) => np.tensordot(A, T, [[0, 1], [1, 2]]),
  'jnp.matmul(T, T.transpose(0, 2, 1))': ({ T }) => np.matmul(T, T.transpose([0, 2, 1])),
  'jnp.outer(V, S)': ({ S, V }) => np.outer(V, S),
  'jnp.vdot(A, A)': ({ A }) => np.vdot(A, A),
  'jnp.cumsum(A, axis=0)': ({ A }) => np.cumsum(A, 0),
  'jnp.mod(A, -0.7)': ({ A }) => np.mod(A, -0.7),
  'jnp.power(jnp.abs(A), 1.5)': ({ A }) => np.power(np.abs(A), 1.5),
  'jnp.log2(jnp.abs(A) + 1)': ({ A }) => np.log2(np.abs(A).add(1)),
  'jnp.exp2(A)': ({ A }) => np.exp2(A),
  'jnp.arctan2(A, 0.5)': ({ A }) => np.arctan2(A, 0.5),
  'jnp.maximum(A, 0.5)': ({ A }) => np.maximum(A, 0.5),
  'jnp.fmax(N, 1.)': ({ N }) => np.fmax(N, 1),
  'jnp.where(A > 0, A, 2 * A)': ({ A }) => np.where(np.greater(A, 0), A, A.mul(2)),
  'jnp.take_along_axis(A, jnp.argsort(A, axis=1), axis=1)': ({ A }) => np.takeAlongAxis(A, np.argsort(A, 1), 1),
  'jnp.sort(A, axis=None)': ({ A }) => np.sort(A, { axis: null }),
  'jnp.fliplr(A)': ({ A }) => np.fliplr(A),
  'jnp.logaddexp2(A, 1.)': ({ A }) => np.logaddexp2(A, 1),
} satisfies Record<string, (inputs: Inputs) => NDArray>

/** Their size depends on values: not under jit. */
const eager = /unique|nonzero|argwhere|intersect|setxor|union1d|compress/
const names: readonly Name[] = ['A', 'N', 'S', 'V', 'T']
// Sums of a dozen terms, and quantiles between them.
const tolerance: Tolerance = { float32: 3e-6, float64: 1e-12, scale: 'array' }

const fixture = load<Fixture>('../numpy/functions.json')
for (const way of ways) {
  describe(`np and lax as in JAX, ${way.name}`, () => {
    for (const [expression, f] of Object.entries(functions) as [keyof typeof functions, (inputs: Inputs) => NDArray][]) {
      const { out, gradient } = fixture.cases[expression]
      const inputs = (xs: readonly NDArray[]): Inputs => Object.fromEntries(names.map((n, i) => [n, xs[i]!])) as Inputs
      const run = eager.test(expression) ? { ...way, jitted: false } : way
      test(expression, () => on(way, () => expectClose(prepared(run, (...xs) => [f(inputs(xs))])(...names.map((n) => array(fixture.inputs[n])))[0]!, out, tolerance)))
      if (gradient === undefined) continue
      test(`the gradient of ${expression}`, () =>
        on(way, async () => {
          const weighted = (...xs: NDArray[]): NDArray => {
            const y = f(inputs(xs))
            return np.sum(y.mul(np.arange(1, y.size + 1, { dtype: 'float32' }).reshape(y.shape)))
          }
          const [g] = prepared(run, (...xs) => [grad(weighted)(...xs)])(...names.map((n) => array(fixture.inputs[n])))
          await expectClose(g!, gradient, tolerance)
        }))
    }
  })
}
