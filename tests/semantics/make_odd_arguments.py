"""odd_arguments.json: dtypes and shapes that functions are seldom given: none along an axis, scalars, small integers, truth values, sums in another dtype."""

from expressions import *

import ml_dtypes

TRUTH = np.array([[True, False, True], [False, False, True]])
NO_ROWS, NO_COLUMNS = np.zeros((0, 3), np.float32), np.zeros((2, 0), np.float32)
SMALL = np.array([1, 0, -3], np.int8)
M = f32([0.5, -1.5, 2.25], [3, -2, 0.25])
BOTH = ("forward", "reverse")


def half(*v):
    return np.array(v, ml_dtypes.bfloat16)


# The initial value takes the dtype that the reduction has.
initial = [case(f(x, axis=1, initial=i), a) for f in (N.sum, N.prod, N.max, N.min) for i in (1, 2.5) for a in (M, i32([1, 2], [5, -7]), TRUTH, np.array([[100, 100]], np.int8), NO_COLUMNS, np.zeros((2, 0), bool), np.zeros((2, 0), np.int8))]
initial += [case(f(x, axis=0, where=y, initial=1), TRUTH, np.array([[True], [False]])) for f in (N.max, N.min, N.nanmax, N.nanmin)]
initial += [case(f(x, axis=1, initial=1), a) for f in (N.nanmax, N.nanmin) for a in (f32([NAN, NAN], [2, NAN]), NO_COLUMNS)]
scalars = [case(N.argwhere(x), f32(2).reshape(())), case(N.argwhere(x), f32(0).reshape(()), eager=True), case(N.lexsort([x, y]), f32(2).reshape(()), f32(1).reshape(()))]
scalars[0]["eager"] = True
scalars += [case(N.repeat(x, 2, axis=a), f32(3).reshape(())) for a in (0, -1)]
common = [case(N.intersect1d(x, y), a, b, eager=True) for a, b in ((SMALL, f32(1, 5, 0)), (TRUTH, SMALL), (SMALL, np.array([300, 1], np.int16)))]
common += [case(N.setdiff1d(x, y), SMALL, f32(1), eager=True), case(N.setxor1d(x, y), SMALL, f32(1, 9), eager=True), case(N.isin(x, y), SMALL, f32(1, 0.5))]
none = [case(f(x, axis=a), v, of=BOTH) for f in (NN.softmax, NN.log_softmax) for a in (0, 1) for v in (NO_ROWS, NO_COLUMNS)]
none += [case(NN.logsumexp(x, 1, b=y, where=z), f32([1, 2, 3], [0, -1, INF]), f32([NAN, 2, -1], [1, 3, NAN]), np.array([[False, True, True], [True, True, False]]))]
spaced = [case(N.linspace(x, y, n, endpoint=e), f32(1, INF, -INF, 0.5), f32(3, 1, 2, -0.0), of=BOTH) for n in (1, 2, 3) for e in (True, False)]
means = [case(N.average(x, axis=0, weights=y), np.array([[1, 2], [3, 5]], d), half(0.5, 1.5)) for d in (np.int16, np.int32, np.uint8)]
# What a function gives for integers is weak where it takes them beside a fraction: a half float stays one.
weak = [case(N.add(f(x), y), a, half(0.5)) for f in (NN.celu, NN.elu, NN.gelu, NN.hard_sigmoid, NN.hard_silu, NN.hard_swish, NN.leaky_relu, NN.log_sigmoid, NN.relu, NN.relu6, NN.selu, NN.soft_sign, NN.softplus, NN.sparse_plus, NN.sparse_sigmoid, NN.squareplus) for a in (SMALL,)]
weak += [case(N.add(f(x), y), SMALL, half(0.5)) for f in (NN.softmax, NN.logsumexp, NN.standardize)] + [case(NN.hard_tanh(x), SMALL)]
weak += [case(N.add(N.select([x], [x], 0), y), TRUTH[0], SMALL)]
wide = [case(NN.standardize(x, 1, mean=0, variance=1), np.array([[0.5, -1.5, 2.25]])), case(NN.standardize(x, 1, mean=0.1, variance=0.3, epsilon=0.2), np.array([[0.5, -1.5, 2.25]])), case(NN.standardize(x, 1, variance=2), M)]
sorts = [case(f(x, axis=a), v, of=BOTH) for f in (N.sort,) for a in (0, 1) for v in (NO_ROWS, NO_COLUMNS)]
sorts += [case(N.median(x, axis=0), NO_COLUMNS, of=BOTH), case(N.median(x, axis=1), NO_ROWS, of=BOTH), case(L.top_k(x, 2), NO_ROWS, of=BOTH), case(L.top_k(x, 0), M, of=BOTH)]
products = [
    case(N.einsum("ij,j->i", x, y, preferred_element_type="float32"), half([0.5, -1.5, 2.25], [3, -2, 0.25]), half(1, 2, -3), of=(*BOTH, "second")),
    case(N.einsum("bij,bjk->bki", x, y, preferred_element_type="float32"), half([[0.5, -1.5], [3, 0.25]]), half([[1, 2, -3], [2, 5, 1]]), of=(*BOTH, "second")),
]

write("odd_arguments", {"initial": initial, "scalars": scalars, "common": common, "none": none, "weak": weak, "wide": wide, "sorts": sorts, "products": products, "spaced": spaced, "means": means})
