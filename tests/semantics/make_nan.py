"""nan.json: what becomes of NaN: it wins extrema and sorts last, as in NumPy; and of infinities in log-sum-exp and softmax."""

from expressions import *

ROWS = f32([1, NAN, 3, -2], [NAN, NAN, NAN, NAN], [4, 0, -1, INF], [-INF, 2, NAN, INF])
ROW = f32(2, NAN, -INF, 1, INF, NAN, 0, -0.0)
A = f32(1, NAN, NAN, -INF, INF, 0, -0.0)
B = f32(NAN, 1, NAN, NAN, NAN, NAN, NAN)

pairs = [case(f(x, y), A, B) for f in (N.maximum, N.minimum, N.fmax, N.fmin, L.max, L.min, N.equal, N.not_equal, N.less, N.less_equal, N.greater, N.greater_equal, N.hypot, N.arctan2, N.copysign, N.power, N.mod, N.fmod, N.floor_divide, N.heaviside, N.nextafter, N.logaddexp, N.logical_and, N.logical_or, N.isclose)]
pairs += [case(f(x, y), A, B, of=("reverse",)) for f in (N.maximum, N.minimum)] + [case(N.maximum(x, 0), A), case(N.clip(x, -1, 1), A, of=("reverse",)), case(N.clip(x, y, 5), A, B), case(L.clamp(x, y, z), A, B, A), case(N.sign(x), A), case(N.abs(x), A), case(N.isnan(x), A), case(N.isfinite(x), A), case(N.where(x, 1.0, 2.0), A), case(N.logical_not(x), A), case(L.convert_element_type(x, "bool"), A), case(N.round(x), A), case(N.floor(x), A), case(N.nan_to_num(x), A), case(NN.relu(x), A, of=("reverse",))]
reductions = [case(f(x, axis=axis), ROWS) for f in (N.max, N.min, N.sum, N.prod, N.mean, N.var, N.std, N.ptp, N.any, N.all, N.argmax, N.argmin, N.count_nonzero, N.nanmax, N.nanmin, N.nansum, N.nanprod, N.nanmean, N.nanvar, N.nanstd, N.median, N.average) for axis in (None, 0, 1)]
reductions += [case(f(x, axis=1), ROWS[[0, 2, 3]]) for f in (N.nanargmax, N.nanargmin)] + [case(N.max(x, axis=1), ROWS, of=("reverse",)), case(N.min(x, axis=0), ROWS, of=("reverse",)), case(L.argmax(x, 0, "int32"), ROW), case(L.argmin(x, 0, "int32"), ROW), case(N.argmax(x), f32(NAN, NAN)), case(N.argmin(x), f32(1, NAN, NAN)), case(N.max(x), f32(NAN)), case(N.argmax(x), np.array([1, NAN, INF])), case(N.argmin(x), np.array([1, NAN, -INF]))]
windows = [case(L.reduce_window(x, init, fn(m), [3], [1], p), ROW) for m, init in (("max", -INF), ("min", INF), ("add", 0.0), ("mul", 1.0)) for p in ("VALID", "SAME")]
windows += [case(L.reduce_window(x, init, fn(m), [2, 2], [1, 1], "VALID"), ROWS) for m, init in (("max", -INF), ("min", INF))]
cumulative = [case(f(x, axis=0, reverse=r), ROW) for f in (L.cummax, L.cummin, L.cumsum, L.cumprod, L.cumlogsumexp) for r in (False, True)] + [case(N.cumsum(x, axis=1), ROWS), case(N.nancumsum(x, axis=1), ROWS), case(N.nancumprod(x, axis=1), ROWS), case(N.diff(x), ROW)]
order = [case(f(x), ROW) for f in (N.sort, N.argsort, N.median)] + [case(N.unique(x), ROW, eager=True)] + [case(N.sort(x, axis=1), ROWS), case(N.sort(x, axis=0), ROWS), case(N.argsort(x, axis=1), ROWS), case(N.sort(x, descending=True), ROW), case(N.argsort(x, descending=True), ROW), case(L.sort(x), ROW), case(N.sort(x), np.array([2, NAN, -INF, -0.0, 0, NAN])), case(L.top_k(x, 3), ROW), case(L.top_k(x, 2), ROWS), case(L.top_k(x, 2), f32(-INF, -INF, NAN)),
         case(N.quantile(x, 0.3), ROW), case(N.percentile(x, 50, axis=1), ROWS), case(N.median(x, axis=0), ROWS), case(N.searchsorted(x, y), f32(0, 1, 2, NAN), f32(NAN, 1, INF, -INF)), case(N.searchsorted(x, y, side="right"), f32(0, 1, 2, NAN), f32(NAN, 1, INF, -INF)), case(N.lexsort([x]), ROW), case(N.partition(x, 2), f32(3, NAN, 1, 2)), case(N.digitize(x, y), f32(NAN, 1, 5), f32(0, 2, 4))]
NEG = f32(-INF, -INF, -INF)
BIG = f32(1e30, INF, 0), f32(-INF, 0, 1), NEG, f32(INF, INF, 1), f32(NAN, 1, 2), f32(1e4, -1e4, 0)
infinities = [case(f(x), v, of=("forward", "reverse")) for f in (NN.softmax, NN.log_softmax, NN.logsumexp) for v in BIG]
# The derivative where both are -inf is NaN in JAX (inf - inf), and here the limit along x = y: left out.
infinities += [case(N.logaddexp(x, y), f32(-INF), f32(-INF)), case(N.logaddexp(x, y), f32(INF, INF, -INF, 0, 3), f32(INF, -INF, 2, -INF, 3), of=("forward", "reverse")), case(N.logaddexp2(x, y), f32(INF, -INF, INF, -INF, 0), f32(INF, -INF, -INF, 2, -INF)), case(NN.logsumexp(x, axis=0), f32([-INF, 0], [-INF, INF])), case(NN.logsumexp(x, b=y), f32(-INF, 0, 1), f32(1, 0, 2)), case(L.cumlogsumexp(x), f32(-INF, -INF, 0, INF)),
               case(NN.sigmoid(x), f32(-INF, INF, -1e30, 1e30, NAN), of=("forward", "reverse")), case(NN.softplus(x), f32(-INF, INF, -1e30, 1e30, NAN), of=("forward", "reverse")), case(NN.log_sigmoid(x), f32(-INF, INF, -1e30), of=("forward", "reverse")), case(NN.silu(x), f32(-INF, INF, -1e30), of=("forward", "reverse")), case(NN.gelu(x), f32(-INF, INF, -1e30)), case(N.tanh(x), f32(-INF, INF), of=("forward", "reverse")), case(N.var(x), f32(INF, 1)), case(N.dot(x, y), f32(0, 1), f32(INF, 1)), case(N.matmul(x, y), f32([0, 1]), f32([NAN], [1]))]
write("nan", {"pairs": pairs, "reductions": reductions, "windows": windows, "cumulative": cumulative, "order": order, "infinities": infinities})
