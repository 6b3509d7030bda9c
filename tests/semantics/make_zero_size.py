"""zero_size.json: arrays without elements: shapes, identities of reductions, products over an empty axis."""

from expressions import *

E, E23, E32, M = np.zeros((0,), np.float32), np.zeros((0, 3), np.float32), np.zeros((3, 0), np.float32), np.ones((2, 3), np.float32)
I0, B0 = np.zeros((0,), np.int32), np.zeros((0,), bool)
ALL = ("forward", "reverse")

identities = [case(f(x), v) for f in (N.sum, N.prod, N.any, N.all, N.cumsum, N.cumprod, N.count_nonzero, N.nansum, N.nanprod) for v in (E, E23, E32, I0, B0)] + [case(f(x, axis=a), v) for f in (N.sum, N.prod, N.any, N.all) for v in (E23, E32) for a in (0, 1)]
identities += [case(f(x, axis=1), E23) for f in (N.max, N.min, N.mean, N.var, N.std, N.argmax, N.argmin, N.sort, N.argsort, N.median, N.ptp, N.cumsum)] + [case(f(x, axis=0), E32) for f in (N.max, N.min, N.argmax, N.sort, N.median)] + [case(N.max(x, initial=-1), E), case(N.min(x, axis=0, initial=5), E23), case(N.mean(x), E), case(N.var(x), E), case(N.std(x, axis=0), E23), case(N.mean(x, axis=1), E32), case(L.reduce_max(x, [0]), E23), case(L.reduce_min(x, [0]), E23), case(L.reduce_max(x, [0]), I0), case(L.reduce_min(x, [0]), I0), case(L.reduce_sum(x, [0]), E), case(L.reduce_prod(x, [0]), E), case(NN.logsumexp(x), E), case(N.sum(x), E, of=ALL), case(N.prod(x), E, of=ALL), case(N.dot(x, y), E, E), case(N.vdot(x, y), E, E), case(N.inner(x, y), E, E), case(N.trace(x), E23), case(N.diff(x), E), case(N.average(x, axis=1), E23)]
products = [case(N.matmul(x, y), E32, E23, of=ALL), case(N.matmul(x, y), E23, M.T.copy(), of=ALL), case(N.matmul(x, y), M, E32, of=ALL), case(N.matmul(x, y), np.zeros((0, 2, 3), np.float32), M.T.copy(), of=ALL), case(N.matmul(x, y), np.zeros((4, 2, 0), np.float32), np.zeros((4, 0, 5), np.float32)), case(N.matmul(x, y), E32, E, of=ALL), case(N.einsum("ij,jk->ik", x, y), E32, E23), case(N.einsum("bij,bjk->bik", x, y), np.zeros((0, 2, 3), np.float32), np.zeros((0, 3, 4), np.float32)), case(N.outer(x, y), E, f32(1, 2)), case(N.kron(x, y), E23, M), case(N.tensordot(x, y, axes=1), E32, E23), case(N.matmul(x, y), np.zeros((3, 0), np.int32), np.zeros((0, 2), np.int32)), case(N.cross(x, y), E23, E23)]
IMG, KER = np.zeros((0, 1, 4, 4), np.float32), np.ones((2, 1, 3, 3), np.float32)
windows = [case(L.conv(x, y, [1, 1], "SAME"), IMG, KER, of=ALL), case(L.conv(x, y, [1, 1], "VALID"), np.ones((1, 0, 4, 4), np.float32), np.ones((2, 0, 3, 3), np.float32), of=ALL), case(L.conv(x, y, [1, 1], "VALID"), np.ones((1, 1, 4, 4), np.float32), np.ones((0, 1, 3, 3), np.float32), of=ALL), case(L.conv(x, y, [1, 1], "VALID"), np.ones((1, 1, 2, 2), np.float32), KER), case(L.reduce_window(x, 0.0, fn("add"), [1, 2], [1, 1], "VALID"), E23, of=("reverse",)), case(L.reduce_window(x, -INF, fn("max"), [1, 2], [1, 1], "VALID"), E23, of=("reverse",)), case(L.reduce_window(x, 0.0, fn("add"), [2], [1], [[1, 1]]), E), case(L.reduce_window(x, -INF, fn("max"), [2], [1], "VALID"), f32(1))]
shapes = [case(N.concatenate([x, y]), E, f32(1, 2), of=ALL), case(N.concatenate([x, y]), E, E), case(N.stack([x, y]), E, E), case(N.pad(x, 2), E, of=ALL), case(N.pad(x, ((0, 1), (1, 0))), E23), case(L.pad(x, 1.0, ((0, 0, 2),)), E), case(L.pad(x, 1.0, ((-1, 0, 0),)), f32(3)), case(N.transpose(x), E23), case(N.reshape(x, (0, 7)), E23), case(N.reshape(x, (2, 0, 3)), E23), case(N.broadcast_to(x, (0, 3)), f32(1, 2, 3), of=ALL), case(N.broadcast_to(x, (4, 0, 3)), E23), case(N.tile(x, 3), E), case(N.repeat(x, 2), E), case(N.repeat(x, 0), f32(1, 2)), case(N.roll(x, 1), E), case(N.flip(x), E23), case(N.squeeze(x), np.zeros((0, 1), np.float32)), case(N.expand_dims(x, 0), E), case(N.ravel(x), E23), case(N.tril(x), E23), case(N.diagonal(x), E23), case(N.diag(x), E), case(N.linspace(0, 1, 0)), case(N.arange(0)), case(N.eye(0)), case(N.zeros((0, 2))), case(N.full((2, 0), 3.0)), case(N.meshgrid(x, y), E, f32(1, 2)), case(N.split(x, 3, axis=1), E23), case(N.where(x, y, z), B0, E, E), case(N.atleast_2d(x), E), case(L.rev(x, [0]), E), case(L.slice(x, [1], [1]), f32(1, 2)), case(NN.one_hot(x, 3), I0), case(NN.one_hot(x, 0), i32(0, 1)), case(L.iota("int32", 0)), case(L.broadcasted_iota("int32", (0, 2), 1)), case(L.bitcast_convert_type(x, "int32"), E), case(L.convert_element_type(x, "int8"), E), case(N.unique(x), E, eager=True), case(get(x, None), E), case(N.rot90(x), E23), case(N.vstack([x, y]), E23, M), case(N.append(x, y), E, f32(1))]
indexing = [case(get(x, y), f32(1, 2), I0, of=("reverse",)), case(N.take(x, y), f32(1, 2), I0), case(N.take(x, y, axis=0), M, I0), case(N.take_along_axis(x, y, axis=0), f32(1, 2), I0), case(at(x, [y], "set", 1.0), f32(1, 2), I0), case(at(x, [y], "add", z), f32(1, 2), I0, E, of=ALL), case(get(x, y), E23, I0), case(L.dynamic_slice(x, [1], [0]), f32(1, 2)), case(L.dynamic_slice(x, [0, 0], [0, 2]), E23), case(L.dynamic_update_slice(x, y, [1]), f32(1, 2), E, of=ALL), case(L.dynamic_update_slice(x, y, [0, 1]), E23, np.zeros((0, 2), np.float32)), case(N.searchsorted(x, y), E, f32(1, 2)), case(N.searchsorted(x, y), f32(1, 2), E), case(L.sort(x), E), case(L.top_k(x, 0), f32(1, 2)), case(L.top_k(x, 2), E23), case(N.sort(x), E), case(N.argsort(x), E), case(N.lexsort([x]), E), case(L.cummax(x), E), case(L.cumlogsumexp(x), E), case(L.cumsum(x, axis=1), E32), case(N.select([x], [y], 1.0), B0, E)]
elementwise = [case(f(x), v) for f in (N.sin, N.exp, N.negative, N.abs, N.sqrt, N.floor, N.isnan, N.sign, N.square, N.logical_not, N.nan_to_num) for v in (E, E23)] + [case(f(x, y), E23, f32(1, 2, 3)) for f in (N.add, N.multiply, N.divide, N.maximum, N.power, N.equal, N.arctan2, N.mod)] + [case(N.add(x, 1), E), case(N.add(x, y), E, np.float32(2), of=ALL), case(N.add(x, y), np.zeros((0, 1), np.float32), f32(1, 2, 3), of=ALL), case(N.add(x, y), np.zeros((1, 0), np.float32), np.zeros((3, 1), np.float32), of=ALL), case(N.multiply(x, y), E, E, of=ALL), case(N.clip(x, 0, 1), E), case(NN.relu(x), E, of=ALL), case(NN.softmax(x, axis=1), E23, of=ALL), case(NN.softmax(x, axis=0), E32), case(NN.log_softmax(x, axis=1), E23), case(NN.gelu(x), E), case(N.tanh(x), E, of=ALL), case(N.bitwise_and(x, y), I0, I0), case(N.left_shift(x, 3), I0), case(N.floor_divide(x, 0), I0), case(N.allclose(x, y), E, E), case(N.array_equal(x, y), E, E), case(N.isclose(x, y), E, E)]
def zeros(*shape):
    return np.zeros(shape, np.float32)


def ones(*shape):
    return np.ones(shape, np.float32)


def named(name, f, *args, **options):
    """A function that is called otherwise than JAX's, or has a name of its own."""
    return Call(name, f, args, options)


NHWC = ["NHWC", "HWIO", "NHWC"]
DOT = {"contracting": [[1], [0]], "batch": [[], []]}
GATHER = {"offsetDims": [], "collapsedSliceDims": [0], "startIndexMap": [0], "operandBatchingDims": [], "startIndicesBatchingDims": []}
SCATTER = {"updateWindowDims": [], "insertedWindowDims": [0], "scatterDimsToOperandDims": [0], "operandBatchingDims": [], "scatterIndicesBatchingDims": []}
NO_ROWS = np.zeros((0, 1), np.int32)


def dot_general(a, b, dimensionNumbers):
    return lax.dot_general(a, b, ((DOT["contracting"][0], DOT["contracting"][1]), ((), ())))


def gathered(a, indices, dimensionNumbers, sliceSizes):
    return lax.gather(a, indices, lax.GatherDimensionNumbers((), (0,), (0,)), tuple(sliceSizes))


def scattered(name):
    def f(a, indices, updates, dimensionNumbers):
        return getattr(lax, name)(a, indices, updates, lax.ScatterDimensionNumbers((), (0,), (0,)))

    return named(f"lax.{camel(name)}", f, x, y, z, dimensionNumbers=SCATTER)


def all_of(e, *operands, of=()):
    return [outcome(e, *given, of=of) for given in operands]


contractions = [
    *all_of(L.batch_matmul(x, y), (zeros(0, 3, 4), zeros(0, 4, 5)), (zeros(2, 3, 0), zeros(2, 0, 5)), of=ALL),
    *all_of(L.dot(x, y), (E32, E23), (E23, f32(1, 2, 3)), (E, E), of=ALL),
    *all_of(named("lax.dotGeneral", dot_general, x, y, dimensionNumbers=DOT), (E23, M.T.copy()), (E32, E23), of=ALL),
    *all_of(N.matvec(x, y), (E23, f32(1, 2, 3)), (E32, E), of=ALL),
    *all_of(N.vecmat(x, y), (f32(1, 2, 3), E32), (E, E23), of=ALL),
    *all_of(L.conv_general_dilated(x, y, window_strides=[1, 1], padding="SAME", dimension_numbers=NHWC), (zeros(0, 4, 4, 2), ones(3, 3, 2, 5)), (ones(1, 4, 4, 0), zeros(3, 3, 0, 5)), (ones(1, 4, 4, 2), zeros(3, 3, 2, 0)), of=ALL),
    *all_of(L.conv_transpose(x, y, strides=[2, 2], padding="SAME", dimension_numbers=NHWC), (zeros(0, 4, 4, 2), ones(3, 3, 2, 5)), (ones(1, 4, 4, 2), zeros(3, 3, 2, 0)), of=ALL),
    *all_of(L.conv_with_general_padding(x, y, [1, 1], [[0, 0], [1, 1]], [1, 1], [1, 1]), (zeros(0, 2, 4, 4), ones(5, 2, 3, 3)), (ones(1, 2, 4, 4), zeros(0, 2, 3, 3)), of=ALL),
    *all_of(NN.dot_product_attention(x, y, z), (zeros(0, 3, 4, 2), zeros(0, 5, 4, 2), zeros(0, 5, 4, 2)), (zeros(2, 0, 4, 2), ones(2, 5, 4, 2), ones(2, 5, 4, 2)), (ones(2, 3, 4, 2), zeros(2, 0, 4, 2), zeros(2, 0, 4, 2)), of=ALL),
]
reductions = [
    *[e for f in (L.reduce_and, L.reduce_or, L.reduce_xor) for e in all_of(f(x, [0]), (I0,), (np.zeros((0, 3), np.int32),), (np.zeros((3, 0), np.int32),), (B0,))],
    *[e for f in (L.argmax, L.argmin) for e in all_of(f(x, 0, "int32"), (E32,), (E23,))],
    *all_of(L.reduce(x, 0.0, fn("add"), [0]), (E23,), (E32,), of=("reverse",)),
    *all_of(L.reduce(x, 1.0, fn("mul"), [0, 1]), (E23,)),
    *[e for f in (N.quantile, N.nanquantile) for e in [*all_of(f(x, 0.5), (E,)), *all_of(f(x, 0.5, axis=0), (E32,), (E23,))]],
    *[e for f in (N.percentile, N.nanpercentile) for e in [*all_of(f(x, 50.0), (E,)), *all_of(f(x, 50.0, axis=0), (E32,), (E23,))]],
    *[e for f in (N.nanmax, N.nanmin, N.nanmean, N.nanmedian, N.nanstd, N.nanvar, N.nanargmax) for e in all_of(f(x, axis=0), (E32,))],
    *all_of(N.cov(x), (E32,), (E23,), (E,)),
    *all_of(N.corrcoef(x), (E32,), (E23,)),
    # the integral of no samples is 0 in NumPy and here; JAX indexes past their end
    *all_of(N.trapezoid(x), (E23,)),
    *all_of(N.bincount(x), (I0,)),
    *all_of(N.bincount(x, length=3), (I0,)),
    *all_of(N.bincount(x, minlength=2), (I0,)),
    *all_of(N.histogram(x, 4, range=[0, 4]), (E,)),
    *all_of(N.histogram(x, 4), (E,)),
    *all_of(N.histogram2d(x, y, bins=[2, 3], range=[[0, 4], [0, 4]]), (E, E)),
    *all_of(N.histogram_bin_edges(x, 3), (E,)),
    *all_of(N.cumulative_sum(x, include_initial=True), (E,)),
    *all_of(N.cumulative_prod(x, include_initial=True), (E,)),
    *all_of(NN.standardize(x, 1), (E23,), (E32,)),
    *all_of(NN.logmeanexp(x, 1), (E23,), (E32,)),
]
signals = [
    *[e for f in (N.convolve, N.correlate) for e in all_of(f(x, y), (E, f32(1, 2)), (f32(1, 2), E), (E, E))],
    *all_of(N.polymul(x, y), (E, f32(1, 2)), (f32(1, 2), E), (E, E)),
    # a polynomial without coefficients is 0 in NumPy and here; JAX cannot add it to a longer one
    *[e for f in (N.polyadd, N.polysub) for e in all_of(f(x, y), (E, E))],
    *all_of(N.polyval(x, y), (E, f32(1, 2)), (f32(1, 2), E), (E, E)),
    *[e for f in (N.poly, N.polyder, N.polyint) for e in all_of(f(x), (E,))],
    *all_of(N.interp(x, y, z), (E, f32(1, 2), f32(3, 4)), (f32(1, 2), E, E)),
    *all_of(N.gradient(x), (E,)),
    *all_of(N.gradient(x, axis=0), (E32,)),
    *all_of(N.unwrap(x), (E,), (E23,)),
    *all_of(N.ediff1d(x), (E,)),
    *all_of(N.vander(x, 3), (E,)),
    *[outcome(f(0)) for f in (N.bartlett, N.blackman, N.hamming, N.hanning)],
    *all_of(NN.glu(x, 1), (zeros(0, 4),), (zeros(3, 0),), of=ALL),
]
moved = [
    *all_of(L.broadcast(x, [2]), (E,)),
    *all_of(L.broadcast(x, [0]), (f32(1, 2),), of=ALL),
    *all_of(L.broadcast_in_dim(x, [2, 0], [1]), (E,), of=ALL),
    *all_of(L.broadcast_in_dim(x, [0, 2], [1]), (f32(1, 2),), of=ALL),
    *all_of(L.concatenate([x, y], 0), (E, f32(1, 2)), (E, E), (E23, M), of=ALL),
    *all_of(L.expand_dims(x, [0]), (E,)),
    *all_of(L.squeeze(x, [0]), (zeros(1, 0),)),
    *all_of(L.reshape(x, [0, 7]), (E23,), of=ALL),
    *all_of(L.reshape(x, [1]), (E,)),
    *all_of(L.transpose(x, [1, 0]), (E23,), of=ALL),
    *all_of(L.slice_in_dim(x, 1, 1, 1, 0), (M,), (E32,), of=ALL),
    *all_of(L.index_in_dim(x, 1, 0, False), (E32,), (E23,), of=ALL),
    *[outcome(L.full([0, 3], 1, "int32")), outcome(N.identity(0)), outcome(N.indices([0, 3])), outcome(N.tri(0)), outcome(N.logspace(0, 1, 0)), outcome(N.geomspace(1, 8, 0)), outcome(N.tril_indices(0)), outcome(N.triu_indices(0)), outcome(N.diag_indices(0)), outcome(N.ones([0])), outcome(N.empty([0, 2]))],
    *all_of(L.full_like(x, 1, "int32", [0]), (E,)),
    *all_of(N.full_like(x, 1), (E23,)),
    *all_of(N.moveaxis(x, 0, 1), (E23,), of=ALL),
    *all_of(N.swapaxes(x, 0, 1), (E23,), of=ALL),
    *all_of(N.rollaxis(x, 1), (E23,), of=ALL),
    *all_of(N.permute_dims(x, [1, 0]), (E23,), of=ALL),
    *all_of(N.matrix_transpose(x), (E23,)),
    *all_of(N.array_split(x, 2), (E,)),
    *all_of(N.hsplit(x, 3), (E23,)),
    *all_of(N.vsplit(x, 2), (zeros(2, 0),), (E23,)),
    *all_of(N.dsplit(x, 2), (zeros(0, 3, 2),)),
    *all_of(N.unstack(x), (zeros(2, 0),)),
    *all_of(N.broadcast_arrays(x, y), (E, zeros(2, 0))),
    *all_of(N.broadcast_arrays(x, y), (E, f32(1, 2))),
    *all_of(N.column_stack([x, y]), (E, E)),
    *all_of(N.block([[x, y], [x, y]]), (E23, E23), (E32, np.ones((3, 2), np.float32))),
    *all_of(N.insert(x, 0, 9.0), (E,)),
    outcome(N.insert(x, y, 5.0), f32(1, 2), I0, eager=True),
    *all_of(N.delete(x, 0), (E,)),
    *all_of(N.delete(x, 0, axis=1), (E23,)),
    *all_of(N.resize(x, (2, 3)), (E,)),
    *all_of(N.resize(x, (0,)), (f32(1, 2),)),
    *all_of(N.fill_diagonal(x, 7.0, inplace=False), (zeros(0, 0),), (E23,)),
    *all_of(N.tril_indices_from(x), (zeros(0, 0),)),
    *all_of(N.triu_indices_from(x), (zeros(0, 0),)),
    *all_of(N.diag_indices_from(x), (zeros(0, 0),)),
    *all_of(N.astype(x, "int32"), (E,)),
]
found = [
    # slices longer than the operand are refused also where there are none of them: JAX lets those pass
    *all_of(named("lax.gather", gathered, x, y, dimensionNumbers=GATHER, sliceSizes=[1]), (f32(1, 2), NO_ROWS), (E, np.zeros((2, 1), np.int32))),
    *[e for f in ("scatter", "scatter_add", "scatter_max", "scatter_min", "scatter_mul") for e in all_of(scattered(f), (f32(1, 2), NO_ROWS, E), (E, NO_ROWS, E), (E, np.zeros((2, 1), np.int32), f32(1, 2)))],
    *all_of(L.dynamic_index_in_dim(x, 1, 0, False), (E32,), of=ALL),
    *all_of(L.dynamic_slice_in_dim(x, 0, 1, 0), (E32,), of=ALL),
    *all_of(L.dynamic_slice_in_dim(x, 0, 0, 0), (M,), of=ALL),
    *all_of(L.dynamic_update_index_in_dim(x, y, 0, 0), (E32, E), of=ALL),
    *all_of(L.dynamic_update_slice_in_dim(x, y, 0, 0), (M, E23), of=ALL),
    *all_of(L.select(x, y, z), (B0, E, E), of=ALL),
    *all_of(L.select_n(x, y, z), (B0, E, E), of=ALL),
    *all_of(L.clamp(0.0, x, 2.0), (E,), of=ALL),
    *all_of(L.sort([x, y], dimension=0, num_keys=1), (E, E), (E23, E23)),
    *all_of(L.sort_key_val(x, y, 0), (E, I0)),
    *all_of(L.integer_pow(x, 2), (E,), of=ALL),
    *all_of(L.round(x), (E,)),
    *all_of(N.digitize(x, y), (E, f32(1, 2)), (f32(1, 2), E)),
    *all_of(N.choose(x, [y, z]), (I0, E, E)),
    *all_of(N.partition(x, 0), (E,)),
    *all_of(N.partition(x, 1, axis=1), (E23,)),
    *all_of(N.put(x, y, z, inplace=False), (f32(1, 2), I0, E)),
    *all_of(N.put_along_axis(x, y, 5.0, 0, inplace=False), (f32(1, 2), I0)),
    outcome(N.ravel_multi_index([x, y], [3, 3]), I0, I0, eager=True),
    *all_of(N.unravel_index(x, [2, 3]), (I0,)),
    *all_of(N.ldexp(x, y), (E, I0)),
    *all_of(named("np.ix_", jnp.ix_, x, y), (I0, i32(0, 1))),
    *all_of(N.isin(x, y), (E, f32(1)), (f32(1), E), (E, E)),
    *[outcome(e, *given, eager=True) for e, given in ((N.compress(x, y, 0), (B0, E)), (N.extract(x, y), (B0, E)), (N.trim_zeros(x), (E,)), (N.argwhere(x), (E,)), (N.nonzero(x), (E,)), (N.flatnonzero(x), (E,)), (N.unique_all(x), (E,)), (N.unique_counts(x), (E,)), (N.unique_values(x), (E,)), (N.union1d(x, y), (E, f32(1))), (N.intersect1d(x, y), (E, f32(1))), (N.setdiff1d(x, y), (f32(1), E)), (N.setxor1d(x, y), (E, f32(1))), (N.delete(x, y), (f32(1, 2), I0)))],
]
write("zero_size", {"identities": identities, "products": products, "windows": windows, "shapes": shapes, "indexing": indexing, "elementwise": elementwise, "contractions": contractions, "reductions": reductions, "signals": signals, "moved": moved, "found": found})
