"""functions.json: NumPy's and lax's functions on small arrays, keyed by the JAX expression, with the gradient by A where there is one."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "oracle"))

import fixture
import jax
import jax.numpy as jnp
import numpy as np

fixture.HERE = pathlib.Path(__file__).parent

A = jnp.array([[1.5, -2, 0.25, 3], [0, 4, -1.25, 2], [-3, 1, 1.125, 0.5]])
N = A.at[0, 1].set(jnp.nan).at[2, 3].set(jnp.inf).at[2, 0].set(jnp.nan)
S = jnp.array([1.0, 1, 2, 4, 4, 7, 9])
V = jnp.array([4.0, 0, 2.5, 9, 10, 1])
T = jnp.arange(24.0).reshape(2, 3, 4)

EXPRESSIONS = [
    "jnp.pad(A, 2, mode='edge')",
    "jnp.pad(A, ((3,4),(5,2)), mode='reflect')",
    "jnp.pad(A, ((3,4),(5,2)), mode='symmetric')",
    "jnp.pad(A, ((3,9),(5,2)), mode='wrap')",
    "jnp.pad(A, (1,2), constant_values=7)",
    "jnp.roll(A, (1,-2), axis=(0,1))",
    "jnp.roll(A, jnp.int32(5))",
    "jnp.rot90(A)",
    "jnp.rot90(A,k=3)",
    "jnp.rot90(A,k=-2)",
    "jnp.quantile(A, jnp.array([.1,.5,.99]), axis=1)",
    "jnp.quantile(A, 0.3)",
    "jnp.quantile(A, 0.3, axis=0, keepdims=True, method='nearest')",
    "jnp.percentile(A, 30, axis=(0,1), method='midpoint')",
    "jnp.median(A, axis=0)",
    "jnp.median(N, axis=1)",
    "jnp.searchsorted(S, V)",
    "jnp.searchsorted(S, V, side='right')",
    "jnp.digitize(V, S)",
    "jnp.digitize(V, S[::-1], right=True)",
    "jnp.unique(S)",
    "jnp.unique(S, return_counts=True)[1]",
    "jnp.unique(S, return_inverse=True)[1]",
    "jnp.unique(S, return_index=True)[1]",
    "jnp.unique(N.ravel())",
    "jnp.cross(A[:, :3], A[::-1, 1:4])",
    "jnp.cross(A[:, :2], A[:, 2:4])",
    "jnp.kron(A, jnp.array([1.,2.]))",
    "jnp.inner(A, A)",
    "jnp.diff(A, n=2, axis=0)",
    "jnp.diagonal(A, offset=-1)",
    "jnp.diagonal(A, offset=2)",
    "jnp.diag(V, k=1)",
    "jnp.diag(V, k=-2)",
    "jnp.trace(A, offset=1)",
    "jnp.tri(3,5,1)",
    "jnp.eye(3,4,k=-1)",
    "jnp.argsort(S, descending=True)",
    "jnp.sort(N, axis=0, descending=True)",
    "jnp.argsort(N, axis=1)",
    "jnp.lexsort((S, S % 2))",
    "jnp.linspace(0., A[0], 4, axis=1)",
    "jnp.logspace(0, 2, 5)",
    "jnp.geomspace(1, 1000, 4)",
    "jnp.arange(5, 1, -2)",
    "jnp.arange(0., 1., 0.3)",
    "jnp.nanmax(N, axis=1)",
    "jnp.nanmean(N, axis=0)",
    "jnp.nanvar(N, axis=1)",
    "jnp.nanstd(N)",
    "jnp.nanargmin(N, axis=1)",
    "jnp.nansum(N, axis=1)",
    "jnp.nancumsum(N, axis=1)",
    "jnp.average(A, axis=1, weights=jnp.arange(4.))",
    "jnp.var(A, axis=1, ddof=1)",
    "jnp.std(A)",
    "jnp.sum(A, where=A>0, initial=3., axis=0)",
    "jnp.max(A, where=A<0, initial=-9., axis=1)",
    "jnp.mean(A, where=A>0, axis=1)",
    "jnp.repeat(A, jnp.array([1,0,3]), axis=0)",
    "jnp.tile(A, (2,1,2))",
    "jnp.array_split(V, 3)[1]",
    "jnp.dstack((A, A))",
    "jnp.column_stack((V, V))",
    "jnp.hstack((V,V))",
    "jnp.vstack((V,V))",
    "jnp.meshgrid(V, S)[0]",
    "jnp.meshgrid(V, S, indexing='ij')[1]",
    "jnp.indices((2,3))",
    "jnp.isin(S, V)",
    "jnp.intersect1d(S, V)",
    "jnp.setxor1d(S, V)",
    "jnp.union1d(S, V)",
    "jnp.nonzero(A > 0)[1]",
    "jnp.argwhere(A > 1)",
    "jnp.select([A>1, A>0], [A, -A], 5)",
    "jnp.round(A*7.123, 2)",
    "jnp.round(A*700, -2)",
    "jnp.divmod(A, 0.7)[0]",
    "jnp.modf(A)[0]",
    "jnp.floor_divide(A, -0.7)",
    "jnp.nan_to_num(N, posinf=5.)",
    "jnp.isclose(A, A+1e-6)",
    "jnp.allclose(N, N, equal_nan=True)",
    "jnp.logaddexp(A, -A)",
    "jnp.hypot(A, A*2)",
    "jnp.sinc(A)",
    "jax.grad(lambda x: jnp.sinc(x).sum())(A)",
    "jax.grad(jax.grad(jnp.sinc))(0.)",
    "jax.grad(jax.grad(lambda x: jnp.logaddexp(x, 1.)))(1.)",
    "jnp.einsum('ijk,kl,jl->il', T, A[0:4].T[0:4,:], jnp.ones((3,3)))",
    "jnp.einsum('iji->j', jnp.arange(12.).reshape(2,3,2))",
    "jnp.einsum('...ij,jk', T, jnp.ones((4,2)))",
    "jnp.einsum('ij->', A)",
    "jnp.einsum('i,j->ji', V, S)",
    "jnp.einsum('a...,b...->...ab', A, A)",
    "jnp.einsum('ij,ij->i', A, A)",
    "jnp.cumprod(A, axis=1)",
    "jnp.take(A, jnp.array([[0,9],[-1,2]]), axis=1)",
    "jnp.array_equal(A, A)",
    "jnp.vecdot(A, A)",
    "jnp.matvec(A, jnp.arange(4.))",
    "jax.lax.reduce(A, 2., jax.lax.add, (1,))",
    "jax.lax.reduce(A, 0., lambda x, y: jnp.maximum(x, y) , (0,1))",
    "jax.lax.reduce_window(A, 2., jax.lax.add, (2,2), (1,1), 'SAME', base_dilation=(2,1))",
    "jax.lax.reduce_window(A, 2., jax.lax.add, (2,2), (1,2), 'SAME_LOWER')",
    "jax.lax.dynamic_index_in_dim(A, -1, 0, keepdims=False)",
    "jax.lax.dynamic_update_index_in_dim(A, jnp.zeros(4), 1, 0)",
    "jax.lax.sort_key_val(V, V*2)[1]",
    "jax.lax.broadcast(V, (2,))",
    "jax.lax.slice_in_dim(A, 1, None, 2, axis=1)",
    "jax.lax.round(A*1.0+0.5)",
    "jax.lax.div(jnp.int32(-7), jnp.int32(2))",
    "jnp.cumsum(jnp.array([100,100],dtype=jnp.int8))",
    "jnp.moveaxis(T, (0,1), (-1,0))",
    "jnp.atleast_3d(A)",
    "jnp.append(A, V)",
    "jnp.tril(T, -1)",
    "jnp.signbit(jnp.array([-0.,1,-3]))",
    "jnp.heaviside(A, 0.5)",
    "jnp.copysign(A, -1.)",
    "jnp.ptp(A, axis=0)",
    "jnp.clip(A, -1, 1)",
    "jnp.count_nonzero(A, axis=1)",
    "jnp.power(jnp.arange(5), jnp.arange(5))",
    "jnp.compress(jnp.array([True,False,True]), A, axis=0)",
    "jnp.choose(jnp.array([0,1,2,1]), [A[0],A[1],A[2]])",
    "jnp.matmul(T, jnp.ones((4,)))",
    "jnp.matmul(jnp.ones((3,)), T)",
    "jnp.matmul(A, T.transpose(0,2,1))",
    "jnp.linspace(-1., 1., 5)",
    "jnp.linspace(0., 1., 4, endpoint=False)",
    "jnp.swapaxes(T, 0, -1)",
    "jnp.broadcast_to(V, (2, 6))",
    "jnp.stack([A, A], axis=1)",
    "jnp.concatenate([A, T[0]], axis=1)",
    "jnp.tensordot(A, T, axes=([0, 1], [1, 2]))",
    "jnp.matmul(T, T.transpose(0, 2, 1))",
    "jnp.outer(V, S)",
    "jnp.vdot(A, A)",
    "jnp.cumsum(A, axis=0)",
    "jnp.mod(A, -0.7)",
    "jnp.power(jnp.abs(A), 1.5)",
    "jnp.log2(jnp.abs(A) + 1)",
    "jnp.exp2(A)",
    "jnp.arctan2(A, 0.5)",
    "jnp.maximum(A, 0.5)",
    "jnp.fmax(N, 1.)",
    "jnp.where(A > 0, A, 2 * A)",
    "jnp.take_along_axis(A, jnp.argsort(A, axis=1), axis=1)",
    "jnp.sort(A, axis=None)",
    "jnp.fliplr(A)",
    "jnp.logaddexp2(A, 1.)",
]


def entry(text):
    out = jnp.asarray(eval(text))
    made = {"out": fixture.array(out)}
    if out.dtype == jnp.float32 and "A" in text and "grad" not in text:
        # Every element counts differently: 1, 2, 3 ...
        weights = jnp.arange(1.0, out.size + 1).reshape(out.shape)
        try:
            gradient = jax.grad(lambda x: jnp.sum(weights * eval(text, {**globals(), "A": x})))(A)
        except (ValueError, TypeError):
            return made  # what has no derivative in JAX, or needs values
        if bool(jnp.all(jnp.isfinite(gradient))):
            made["gradient"] = fixture.array(gradient)
    return made


fixture.write("functions.json", {"inputs": {k: fixture.array(v) for k, v in {"A": A, "N": N, "S": S, "V": V, "T": T}.items()}, "cases": {text: entry(text) for text in EXPRESSIONS}})
