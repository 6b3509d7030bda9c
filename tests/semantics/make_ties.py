"""ties.json: which derivative is taken where a function has a kink: ties of extrema, bounds of clamps, zeros."""

from expressions import *

ALL = ("forward", "reverse")
PAIR = f32(1, 2, 2, 0, -0.0, 3, -1), f32(2, 2, 1, 0, 0, 3, -1)
TIES = f32([3, 1, 3, 2], [-1, -1, 0, -1], [5, 5, 5, 5], [0, -0.0, 0, -1])
ROW = f32(2, 2, 1, 2, 3, 3, 0, 3)
IMAGE = f32([1, 2, 2, 1], [2, 2, 0, 1], [0, 0, 0, 1], [1, 1, 1, 1])

relu = [case(NN.relu(x), f32(-1, -0.0, 0, 1), of=(*ALL, "second")), case(NN.relu6(x), f32(-1, 0, 3, 6, 7), of=ALL), case(NN.leaky_relu(x), f32(-1, 0, 1), of=ALL), case(NN.elu(x), f32(-1, 0, 1), of=ALL),
        case(NN.selu(x), f32(-1, 0, 1), of=ALL), case(NN.celu(x), f32(-1, 0, 1), of=ALL), case(NN.hard_tanh(x), f32(-2, -1, 0, 1, 2), of=ALL), case(NN.hard_sigmoid(x), f32(-3, 0, 3), of=ALL), case(NN.hard_silu(x), f32(-3, 0, 3), of=ALL),
        case(N.maximum(x, 0), f32(-1, -0.0, 0, 1), of=ALL, name="by maximum:"), case(N.where(N.greater(x, 0), x, 0), f32(-1, 0, 1), of=ALL, name="by where:"), case(NN.sparse_plus(x), f32(-1, 0, 1), of=ALL), case(NN.soft_sign(x), f32(-1, 0, 1), of=ALL)]
pairs = [case(f(x, y), *PAIR, of=ALL) for f in (N.maximum, N.minimum, L.max, L.min, N.fmax, N.fmin)]
pairs += [case(N.maximum(x, 2), f32(1, 2, 3), of=ALL), case(N.minimum(2, x), f32(1, 2, 3), of=ALL), case(N.maximum(x, x), f32(1, 2), of=ALL), case(N.maximum(x, y), f32(1, 2, 3), np.float32(2), of=ALL)]
reduce = [case(f(x, axis=axis), TIES, of=ALL) for f in (N.max, N.min, N.ptp) for axis in (None, 0, 1)]
reduce += [case(N.max(x, axis=1, initial=3), TIES, of=ALL), case(N.nanmax(x, axis=1), TIES, of=ALL), case(N.min(x, axis=(0, 1), keepdims=True), TIES, of=ALL), case(NN.logsumexp(x, axis=1), TIES, of=ALL)]
def window(*args):
    """Forwards XLA walks a window in an order of its own, and may pick another extremum than backwards: then only backwards counts."""
    entry = case(*args, of=ALL)
    dot = lambda a: sum((i + 1) * v for i, v in enumerate(a["data"]))
    if dot(entry["forward"][0]) != dot(entry["reverse"][0]):
        del entry["forward"]
    return entry


windows = [window(L.reduce_window(x, init, fn(m), size, stride, padding), a)
           for m, init in (("max", -INF), ("min", INF))
           for a, size, stride, padding in [(ROW, [3], [1], "VALID"), (ROW, [3], [2], "SAME"), (ROW, [2], [2], "VALID"), (IMAGE, [2, 2], [1, 1], "VALID"), (IMAGE, [3, 3], [2, 2], "SAME"), (IMAGE, [2, 2], [2, 2], [[1, 0], [0, 1]]), (np.zeros((3, 3), np.float32), [2, 2], [1, 1], "SAME")]]
cumulative = [case(f(x, axis=0, reverse=r), a, of=ALL) for f in (L.cummax, L.cummin) for a in (ROW, f32(1, 1, 1), f32(0, -0.0, 0)) for r in (False, True)]
order = [case(N.sort(x), ROW, of=ALL), case(N.sort(x, descending=True), ROW, of=ALL), case(L.top_k(x, 3), ROW, of=ALL), case(N.median(x), ROW, of=ALL), case(N.quantile(x, 0.5), f32(1, 2, 2, 3, 3), of=ALL), case(N.percentile(x, 30), f32(2, 2, 2), of=ALL), case(N.argmax(x), ROW), case(N.argmin(x), ROW), case(N.argsort(x), ROW), case(N.argsort(x, descending=True), ROW), case(L.argmax(x, 0, "int32"), ROW)]
bounds = [case(N.clip(x, 1, 2), f32(0, 1, 1.5, 2, 3), of=ALL), case(N.clip(x, y, z), f32(0, 1, 1.5, 2, 3), f32(1, 1, 1, 1, 1), f32(2, 2, 2, 2, 2), of=ALL), case(L.clamp(1.0, x, 2.0), f32(0, 1, 1.5, 2, 3), of=ALL), case(L.clamp(x, y, z), f32(1, 1, 1, 1, 1), f32(0, 1, 1.5, 2, 3), f32(2, 2, 2, 2, 2), of=ALL), case(N.clip(x, min=2), f32(1, 2, 3), of=ALL), case(N.clip(x, max=2), f32(1, 2, 3), of=ALL)]
kinks = [case(f(x), f32(-1.5, -1, -0.5, -0.0, 0, 0.5, 1, 1.5), of=(*ALL, "second")) for f in (N.abs, N.fabs, N.sign, N.round, N.rint, N.floor, N.ceil, N.trunc)]
kinks += [case(f(x, y), f32(3, -3, 4, 0), f32(2, 2, 2, 2), of=ALL) for f in (N.mod, N.remainder, N.fmod, L.rem)] + [case(f(x, y), f32(3, -3, 4, 0), f32(2, 2, 2, 2)) for f in (N.floor_divide,)]
kinks += [case(N.heaviside(x, y), f32(-1, 0, 1), f32(0.5, 0.5, 0.5)), case(N.copysign(x, y), f32(1, -2, 0, 3), f32(-1, 0, -0.0, 1), of=ALL), case(N.nan_to_num(x), f32(NAN, INF, -INF, 1), of=ALL), case(N.hypot(x, y), f32(0, 3, 0), f32(0, 4, 2), of=ALL)]
write("ties", {"relu": relu, "pairs": pairs, "reductions": reduce, "windows": windows, "cumulative": cumulative, "order": order, "bounds": bounds, "kinks": kinks})
