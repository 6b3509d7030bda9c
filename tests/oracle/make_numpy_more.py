"""numpy_more.json: the functions of jax.numpy that notebooks use beside the arithmetic of numpy.json, in the same form."""

import numpy as np

from fixture import normal, write
from numpy_calls import call, cases

F32, F64, I32, U8 = np.float32, np.float64, np.int32, np.uint8
X, Y, X3, V, W = normal((3, 4), 1), normal((3, 4), 2), normal((2, 3, 4), 3), normal((6,), 4), normal((9,), 5)
ROW = normal((4,), 6)
INTS = np.array([7, -7, 3, 0, 5, -2, 3, 12], I32)
NANS = np.array([[1, np.nan, 3, -2], [np.nan, np.nan, np.nan, np.nan], [4, 0, -1, 2.5]], F32)
BOOL = np.array([[True, False, True, True], [False, False, True, False], [True, True, True, True]])

# Histograms
for x in (V, X, INTS, V.astype(F64), np.full(3, 2, F32)):
    call("histogram", x, 4), call("histogram_bin_edges", x, 4)
call("histogram", V), call("histogram", V, 3, range=(-1.0, 1.0)), call("histogram", V, np.array([-1, -0.2, 0, 2], F32)), call("histogram", INTS, np.array([-7, 0, 3, 5], I32)), call("histogram", V, 3, weights=np.arange(6, dtype=F32)), call("histogram", V, 3, weights=np.arange(6, dtype=I32)), call("histogram", V, 3, density=True), call("histogram", INTS, 3, density=True), call("histogram_bin_edges", V, 3, range=(0, 0))
call("histogram2d", V, W[:6], 3), call("histogram2d", V, W[:6], [2, 3]), call("histogram2d", V, W[:6], 2, range=[[-1, 1], [0, 2]]), call("histogram2d", V, W[:6], 2, weights=np.arange(6, dtype=F32)), call("histogram2d", V, W[:6], 2, density=True)
call("bincount", INTS, length=6), call("bincount", np.array([1, 3, 1, 9], I32), length=12), call("bincount", np.array([1, 3, 1], U8), length=4), call("bincount", np.array([1, 3, 1], I32), weights=np.array([0.5, 1, 2], F32), length=5, seed=None), call("bincount", np.zeros(0, I32), length=3), call("bincount", INTS, weights=INTS, length=8)

# Sequences
call("ediff1d", V, seed=1), call("ediff1d", X), call("ediff1d", INTS), call("ediff1d", V, to_end=W[:2], to_begin=F32(9)), call("ediff1d", V[:1])
call("gradient", V, seed=1), call("gradient", X, seed=1), call("gradient", X, axis=0), call("gradient", X3, axis=(0, 2)), call("gradient", V, 0.5), call("gradient", X, 2, 0.5), call("gradient", INTS), call("gradient", V.astype(F64), 3, axis=0), call("gradient", V[:2])
call("trapezoid", V, seed=1), call("trapezoid", X, seed=1), call("trapezoid", X, axis=0), call("trapezoid", X, dx=0.5), call("trapezoid", INTS), call("trapezoid", X, x=np.array([0, 1, 3, 7], F32), seed=1), call("trapezoid", X, x=np.cumsum(np.abs(Y), 1).astype(F32)), call("trapezoid", X, x=np.array([0, 1, 5], I32), axis=0), call("trapezoid", V[:1])
XP, FP = np.array([-1, -0.25, 0.5, 2], F32), np.array([3, 1, -2, 4], F32)
POINTS = np.array([-2, -1, -0.5, 0, 0.5, 1.7, 2, 3], F32)
call("interp", POINTS, XP, FP), call("interp", POINTS + F32(0.1), XP, FP, seed=1), call("interp", POINTS, XP, FP, left=-9.0, right=9.0), call("interp", POINTS, XP, FP, left="extrapolate", right="extrapolate"), call("interp", POINTS, XP, FP, period=2.5), call("interp", np.array([1, 2, 3], I32), np.array([0, 2, 4], I32), np.array([0, 10, 5], I32)), call("interp", X, XP, FP), call("interp", F32(0.3), XP, FP), call("interp", POINTS, np.array([0, 0, 1], F32), np.array([1, 2, 3], F32)), call("interp", POINTS, XP[:1], FP[:1])
for name in ("convolve", "correlate"):
    for mode in ("full", "same", "valid"):
        call(name, W, V[:3], mode=mode, seed=1), call(name, V[:4], W, mode=mode), call(name, V[:4], W[:4], mode=mode)
    call(name, INTS, INTS[:3]), call(name, V, V[:1]), call(name, V, np.array([1, 2], I32))
call("unwrap", np.array([0, 3, 6.5, 9, 1, -4], F32)), call("unwrap", X * F32(5), seed=1), call("unwrap", X * F32(5), axis=0), call("unwrap", np.array([0, 3, 6, 1], F32), period=8), call("unwrap", np.array([0, 3, 6, 1], F32), discont=4.0)

# Polynomials
P, Q = np.array([2, -1, 0.5], F32), np.array([1, 3], F32)
call("polyval", P, V, seed=1), call("polyval", P, X), call("polyval", np.array([1, 2, 3], I32), np.array([2, -1], I32)), call("polyval", P, F32(2)), call("polyval", np.array([1, 2], I32), V)
for name in ("polyadd", "polysub", "polymul"):
    call(name, P, Q, seed=1), call(name, Q, P), call(name, np.array([1, 2, 3], I32), np.array([1, 1], I32))
call("polyder", P, seed=1), call("polyder", P, 2), call("polyder", P, 0), call("polyder", np.array([1, 2, 3], I32)), call("polyint", P, seed=1), call("polyint", P, 2), call("polyint", P, k=3.0), call("polyint", np.array([4, 2], I32)), call("poly", P, seed=1), call("poly", np.array([1, 2], I32))
call("vander", V, seed=1), call("vander", V, 3), call("vander", V, N=3, increasing=True), call("vander", np.array([1, 2, 3], I32)), call("vander", V, 0)

# Windows
for name in ("bartlett", "blackman", "hamming", "hanning"):
    for n in (0, 1, 5, 8):  # both ends of Blackman's are 0, of which XLA's float32 leaves rounding errors
        call(name, n)

# Statistics
call("cov", X, seed=1), call("cov", V), call("cov", X, rowvar=False), call("cov", X, bias=True), call("cov", X, ddof=2), call("cov", V, y=W[:6]), call("cov", X, y=Y, seed=1), call("cov", INTS.reshape(2, 4)), call("cov", X, fweights=np.array([1, 2, 0, 1], I32)), call("cov", X, aweights=np.array([1, 2, 0.5, 1], F32)), call("cov", X, fweights=np.array([1, 2, 0, 1], I32), aweights=np.array([1, 2, 0.5, 1], F32)), call("cov", X, aweights=np.array([1, 2, 0.5, 1], F32), ddof=0), call("cov", X.astype(F64))
call("corrcoef", X, seed=1), call("corrcoef", V), call("corrcoef", V, y=W[:6]), call("corrcoef", X, rowvar=False), call("corrcoef", INTS.reshape(2, 4))
for axis in (None, 0, 1, -1, (0, 1)):
    call("nanmedian", NANS, axis=axis), call("nanquantile", NANS, 0.3, axis=axis), call("nanpercentile", NANS, 80, axis=axis, keepdims=True)
call("nanmedian", X, axis=1, seed=1), call("nanmedian", INTS), call("nanquantile", X3, 0.7, axis=(0, 2), seed=1), call("nanquantile", NANS, np.array([0, 0.4, 1], F32), axis=1), call("nanquantile", X3, np.array([0.2, 0.9], F32), axis=1, keepdims=True)
for method in ("linear", "lower", "higher", "midpoint", "nearest"):
    call("nanquantile", NANS, 0.5, axis=1, method=method), call("quantile", V[:4], 0.5, method=method), call("quantile", V[:3], 0.75, method=method), call("percentile", X, 50, axis=0, method=method)
for name in ("nanmean", "nanvar", "nanstd"):
    call(name, NANS, axis=0, where=BOOL), call(name, NANS, axis=1, where=BOOL, keepdims=True), call(name, NANS, where=BOOL[:, :1])
call("nanvar", NANS, axis=0, where=BOOL, ddof=1)

# Padding
for mode in ("linear_ramp", "maximum", "mean", "median", "minimum"):
    call("pad", V, (2, 3), mode=mode, seed=1), call("pad", X, ((1, 2), (3, 0)), mode=mode), call("pad", INTS, (2, 1), mode=mode), call("pad", X3, 1, mode=mode)
for mode in ("maximum", "mean", "median", "minimum"):
    call("pad", V, (2, 3), mode=mode, stat_length=2), call("pad", X, ((1, 2), (3, 0)), mode=mode, stat_length=((1, 2), (3, 9))), call("pad", INTS, 2, mode=mode, stat_length=(2, 3))
call("pad", V, (2, 3), mode="linear_ramp", end_values=5), call("pad", X, 2, mode="linear_ramp", end_values=((1, 2), (3, 4))), call("pad", V, (2, 3), mode="empty"), call("pad", X, 1, constant_values=(3, 4)), call("pad", X, 1, constant_values=((1, 2), (3, 4)), seed=1)
call("cumulative_sum", V, seed=1), call("cumulative_sum", X, axis=1, include_initial=True, seed=1), call("cumulative_sum", BOOL, axis=0), call("cumulative_prod", X, axis=0, seed=1), call("cumulative_prod", INTS, include_initial=True), call("cumulative_sum", INTS, dtype="float32")

# Integers and indices
call("gcd", np.array([12, -8, 0, 7, 0, 2147483646, 1836311903], I32), np.array([18, 12, 5, 0, 0, 6, 1134903170], I32)), call("gcd", np.array([12, 200, 255], U8), np.array([18, 150, 0], U8)), call("gcd", np.array([[12], [9]], I32), np.array([6, 27], I32)), call("lcm", np.array([4, -6, 0, 7], I32), np.array([6, 4, 5, 0], I32)), call("lcm", np.array([4, 6], U8), np.array([6, 10], U8))
for name in ("tril_indices", "triu_indices"):
    call(name, 3), call(name, 3, 1), call(name, 3, -1), call(name, 3, k=1, m=4), call(name, 4, m=2), call(name + "_from", X, 1)
call("diag_indices", 3), call("diag_indices", 2, 3), call("diag_indices_from", np.zeros((3, 3), F32))
call("ix_", np.array([0, 2], I32), np.array([1, 3, 0], I32), ts="ix_")
call("unravel_index", np.array([0, 5, 11, -1, -12, 40, -40], I32), (3, 4)), call("unravel_index", np.array([[7, 23], [0, 1]], I32), (2, 3, 4)), call("unravel_index", np.array([3], I32), 5)
for mode in ("clip", "wrap"):
    call("ravel_multi_index", [np.array([0, 1, 2, 5, -1], I32), np.array([3, 0, 1, 9, -2], I32)], (3, 4), mode=mode)

# Elements put in and taken out
call("delete", V, 1, seed=1), call("delete", X, 1, axis=1, seed=1), call("delete", X, -1)
call("insert", V, 1, 9.0), call("insert", X, 1, 5.0, axis=1), call("insert", X, 2, ROW[:3], axis=1, seed=1), call("insert", X, -1, ROW, axis=0), call("insert", X, 1, X[:2], axis=0), call("insert", V, 6, 1.0), call("insert", INTS, 1, 2.7), call("insert", V, 1, W[:3])
call("resize", V, (2, 2), seed=1), call("resize", V, (4, 4)), call("resize", X, 5), call("resize", V, 0)
call("rollaxis", X3, 2), call("rollaxis", X3, 0, 3), call("rollaxis", X3, -1, 1), call("rollaxis", X3, 1, start=-1), call("rollaxis", X3, 1, 1)
call("block", [[X, Y], [Y, X]], seed=1), call("block", [V, W]), call("block", V), call("block", [[X], [ROW]]), call("block", [[[X]], [[Y]]]), call("block", [[F32(1), F32(2)], [F32(3), F32(4)]])
call("fill_diagonal", X, F32(7), inplace=False), call("fill_diagonal", X.T.copy(), ROW[:2], inplace=False, seed=1), call("fill_diagonal", normal((7, 3), 9), F32(7), inplace=False), call("fill_diagonal", normal((3, 3, 3), 9), F32(7), inplace=False)
for mode in ("clip", "wrap"):
    call("put", X, np.array([0, 5, 13, -1], I32), W[:4], mode=mode, inplace=False)
call("put", X, np.array([0, 5, -1], I32), W[:2], inplace=False, seed=1), call("put", X, np.array([20, 1], I32), W[:2], inplace=False)
call("put_along_axis", X, np.array([[0, 2], [1, 3], [3, 0]], I32), Y[:, :2], 1, inplace=False, seed=1), call("put_along_axis", X, np.array([[2, 0, 1, 1]], I32), F32(9), 0, inplace=False), call("put_along_axis", X, np.array([3, 5], I32), W[:2], None, inplace=False)

write("numpy_more.json", cases)
