"""numpy.json: jax.numpy's functions on corner values, mixed dtypes and broken shapes; values, and gradients where they are smooth.

A case calls `np.NAME(...)`: its params hold the arguments in order, with `{"arg": i}` where array i stands, and options.
"""

import jax.numpy as jnp
import numpy as np

from fixture import normal, write
from numpy_calls import call, cases

F32, F64, I32, U8, U32, BF16 = np.float32, np.float64, np.int32, np.uint8, np.uint32, jnp.bfloat16
X, Y = normal((3, 4), 1), normal((3, 4), 2)
X3 = normal((2, 3, 4), 3)
V, W = normal((6,), 4), normal((6,), 5)
ROW, COLUMN = normal((4,), 6), normal((3, 1), 7)
POSITIVE = np.abs(X) + F32(0.1)
UNIT = np.array([-0.9, -0.3, 0.2, 0.75], F32)
CORNERS = np.array([0, -0.0, 1, -1, 2.5, -2.5, 0.5, -0.5, 3, 1e30, -1e30, np.inf, -np.inf, np.nan], F32)
OTHER = np.array([1, -1, 0, -0.0, -1.5, 2, np.inf, -np.inf, np.nan, 1e30, 1e-30, np.inf, np.inf, 1], F32)
HALVES = np.array([0.5, 1.5, 2.5, -0.5, -1.5, 0.49, 1.25, 1.35, 1e10, np.nan, -np.inf], F32)
INTS = np.array([7, -7, 7, -7, 0, 5, -5, 6, -6, 2147483647, -2147483648, 1], I32)
DIVISORS = np.array([3, 3, -3, -3, 4, 1, -1, 0, 0, 2, -1, -2147483648], I32)
BYTES, BYTES2 = np.array([0, 1, 7, 200, 255], U8), np.array([1, 3, 2, 7, 0], U8)
BOOL = np.array([[True, False, True, True], [False, False, False, False], [True, True, True, True]])
TIES = np.array([[3, 1, 3, 2], [-1, -1, 0, -1], [5, 5, 5, 5]], F32)
NANS = np.array([[1, np.nan, 3, -2], [np.nan, np.nan, np.nan, np.nan], [4, 0, -1, np.inf]], F32)
INF = np.inf

# Arithmetic
for name in ["add", "subtract", "multiply", "divide", "mod", "remainder", "fmod", "floor_divide", "power", "maximum", "minimum", "fmax", "fmin", "hypot", "logaddexp", "logaddexp2", "arctan2", "copysign", "heaviside", "nextafter", "equal", "less_equal", "logical_and", "logical_xor"]:
    if name != "power":
        call(name, CORNERS, OTHER, label="corners")
    call(name, COLUMN, ROW, label="broadcast", seed=1 if name in ("add", "subtract", "multiply", "divide", "maximum", "minimum", "hypot", "logaddexp", "arctan2") else None)
for name in ["add", "subtract", "multiply", "divide", "mod", "remainder", "fmod", "floor_divide", "maximum", "minimum", "fmax", "equal", "greater", "logical_or", "bitwise_and", "bitwise_or", "bitwise_xor"]:
    call(name, INTS, DIVISORS, label="int32")
    call(name, BYTES, BYTES2, label="uint8")
for name in ["add", "multiply", "divide", "power", "maximum", "equal", "logical_and"]:
    call(name, X, np.arange(4, dtype=I32), label="mixed")
    call(name, BYTES, np.array([-1, 2, -3, 4, 5], np.int8), label="mixed")
    call(name, X[0], BOOL[0], label="mixed")
    call(name, INTS[:5], V[:5].astype(F64), label="mixed")
    call(name, V.astype(BF16), V.astype(np.float16), label="mixed") if name != "power" else None
    call(name, X, 2, label="number")
    call(name, np.array([1, 2, 3], I32), 2, label="number")
    call(name, np.array([1, 2, 3], I32), 0.5, label="number")
call("add", BOOL, BOOL[::-1]), call("multiply", BOOL, BOOL[::-1]), call("maximum", BOOL, BOOL[::-1])
call("power", np.array([2, -3, 0, 1, -1, 5], I32), np.array([5, 3, 0, 40, 31, 13], I32), label="int32")
call("power", POSITIVE, X, label="float", seed=2), call("power", np.array([0, 0, 2, -2, -8, np.inf, 1, 0.5], F32), np.array([0, 2, -1, 3, 1 / 3, 0, np.nan, np.inf], F32), label="corners")
for y in (0, 1, 2, 3, -1, -2, 0.5, 1.5):
    call("power", POSITIVE, y, label="number", seed=2)
call("divmod", INTS, DIVISORS), call("divmod", CORNERS, OTHER), call("modf", CORNERS)
for name in ["abs", "sign", "negative", "square", "reciprocal", "sqrt", "cbrt", "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh",
             "floor", "ceil", "trunc", "rint", "deg2rad", "rad2deg", "degrees", "radians", "sinc", "isnan", "isinf", "isfinite", "isposinf", "isneginf", "signbit", "logical_not", "nan_to_num", "fabs", "positive"]:
    x = np.where(np.abs(CORNERS) > 1e20, F32(7), CORNERS)[:11] if name in ("sin", "cos", "tan", "sinc", "deg2rad", "radians", "exp2", "sinh", "cosh") else CORNERS
    call(name, x, label="corners")
    if name not in ("fabs",):
        call(name, np.array([0, 1, 2, 3], I32), label="int32")
    if name in ("abs", "square", "sqrt", "cbrt", "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arctanh", "reciprocal", "deg2rad", "sinc"):
        call(name, np.abs(UNIT) if name in ("sqrt", "log", "log2", "log10") else UNIT, label="gradient", seed=3)
call("arccosh", np.array([1.5, 2, 7], F32), label="gradient", seed=3)
call("sinc", np.array([0, 0.1, 1, 2.5], F32), label="near 0", seed=3), call("hypot", np.array([0, 3, 0], F32), np.array([0, 4, 2], F32), label="zeros")
call("logaddexp", np.array([0, 1, -3, 50], F32), np.array([0, 1, 2, -50], F32), label="equal", seed=3)
for d in (0, 1, 2, -1):
    call("round", HALVES, d, label="decimals"), call("round", np.array([123.456, -0.05], F64), d, label="decimals")
call("round", INTS), call("ldexp", V, np.array([1, -2, 0, 3, 4, 10], I32)), call("nan_to_num", CORNERS, nan=7.0, posinf=1.0, neginf=-2.0)
call("clip", X, -0.5, 0.5, seed=4), call("clip", X, None, 0.5), call("clip", X, min=0), call("clip", X, ROW, ROW + 1, seed=4), call("clip", INTS, -6, 6), call("clip", CORNERS, -1, 1), call("clip", np.array([1, 2, 3], I32), 1.5, 2.5), call("clip", TIES, 3, 5, label="ties", seed=4)
call("left_shift", np.array([1, -1, 5, 1], I32), np.array([3, 4, 31, 0], I32)), call("right_shift", np.array([-16, 16, -1, 5], I32), np.array([2, 2, 31, 0], I32)), call("right_shift", BYTES, BYTES2), call("invert", INTS), call("invert", BOOL), call("bitwise_count", np.array([0, 1, 255, 7], U8))
call("where", BOOL, X, Y, seed=5), call("where", BOOL, X, 0), call("where", np.array([0, 2, np.nan, 1], F32), ROW, np.array([1, 2, 3, 4], I32)), call("where", BOOL, 1.5, np.array(2, I32)), call("where", BOOL[:, :1], COLUMN, ROW, seed=5)
call("select", [BOOL, ~BOOL[:, :1]], [X, Y], 7.0)
call("isclose", CORNERS, CORNERS * F32(1.000001)), call("isclose", CORNERS, CORNERS, equal_nan=True), call("isclose", np.array([1, 100], F32), np.array([1.1, 101], F32), rtol=0.05), call("allclose", X, X + F32(1e-9)), call("allclose", X, Y), call("array_equal", X, X), call("array_equal", X, X[:2]), call("array_equal", NANS, NANS), call("array_equal", NANS, NANS, equal_nan=True), call("array_equiv", np.ones((3, 4), F32), np.ones(4, F32))

# Reductions
for name in ["sum", "prod", "mean", "max", "min", "any", "all", "std", "var", "ptp", "argmax", "argmin", "count_nonzero", "nansum", "nanmax", "nanmin", "nanmean", "nanprod", "nanstd", "nanvar"]:
    for axis in (None, 0, -1):
        call(name, NANS, axis=axis, label="nan")
        call(name, TIES, axis=axis, keepdims=True, label="ties", seed=6 if name in ("sum", "prod", "mean", "max", "min") else None)
    call(name, np.array([[7, -7, 1], [100, 0, 3]], I32), axis=1, label="int32"), call(name, np.array([[200, 100], [255, 1]], U8), axis=0, label="uint8"), call(name, BOOL, axis=1, label="bool") if name not in ("ptp", "std", "var", "nanstd", "nanvar") else None
    call(name, X3, axis=(0, 2), label="axes", seed=6 if name in ("sum", "mean", "std", "var", "max", "prod") else None) if not name.startswith("arg") else None
    call(name, X.astype(F64), axis=0, label="float64")
call("sum", X, axis=1, where=BOOL), call("sum", X, initial=10), call("max", X, axis=1, where=BOOL, initial=-INF), call("min", X, axis=0, initial=0), call("mean", X, axis=0, where=BOOL), call("prod", X, axis=0, where=BOOL)
call("sum", np.zeros((0, 3), F32), axis=0), call("prod", np.zeros((0, 3), F32), axis=0), call("max", np.zeros((0, 3), F32), axis=0, initial=1), call("sum", np.array([1.6, 2.7], F32), dtype="int32"), call("mean", INTS[:9], dtype="float32"), call("var", X, axis=1, ddof=1, seed=6), call("std", X, axis=0, ddof=1), call("std", np.array([1e4, 1e4 + 1], F32))
call("average", X, axis=1, weights=np.array([1, 2, 3, 4], F32), seed=6), call("average", X), call("average", X, weights=POSITIVE)
for axis in (None, 0, 1):
    call("cumsum", X, axis=axis, seed=6), call("cumprod", X, axis=axis, seed=6), call("nancumsum", NANS, axis=axis), call("median", X, axis=axis), call("quantile", X, 0.3, axis=axis), call("percentile", X, 75, axis=axis)
call("cumsum", BOOL, axis=1), call("cumsum", BYTES), call("cumprod", np.array([1, 2, -3], np.int8)), call("median", NANS, axis=1), call("quantile", V, np.array([0, 0.25, 1], F32)), call("quantile", V, 0.4, method="nearest"), call("quantile", V, 0.4, method="lower"), call("median", INTS)
call("diff", X), call("diff", X, n=2, axis=0, seed=6), call("diff", BOOL)

# Order
call("sort", NANS, axis=1), call("sort", INTS), call("sort", TIES, axis=None), call("argsort", NANS, axis=1), call("argsort", TIES, axis=0), call("argsort", INTS, descending=True), call("sort", TIES, descending=True), call("searchsorted", np.array([1, 2, 2, 5], F32), np.array([0, 1, 2, 3, 5, 9], F32)), call("searchsorted", np.array([1, 2, 2, 5], F32), np.array([[0, 1], [2, 9]], F32), side="right"), call("digitize", V, np.array([-1, 0, 1], F32))

# Shape
call("concatenate", [X, Y], axis=1, seed=7), call("concatenate", [X, np.arange(12, dtype=I32).reshape(3, 4)]), call("concatenate", [X, V], axis=None), call("stack", [ROW, X[0]], axis=1), call("vstack", [ROW, X]), call("hstack", [X, COLUMN]), call("hstack", [V, W]), call("dstack", [X, Y]), call("column_stack", [V, W]), call("column_stack", [V, normal((6, 2), 8)]), call("append", V, X), call("append", X, Y, axis=0)
for s in (2, [1, 3]):
    call("split", X, s, axis=1), call("array_split", V, s if isinstance(s, list) else 4)
call("hsplit", X, 2), call("vsplit", X3, 2), call("dsplit", X3, [1])
call("roll", X, 1), call("roll", X3, (1, -1), axis=(0, 2)), call("roll", X, 2, axis=(0, 1)), call("rot90", X), call("rot90", X3, k=3, axes=(1, 2)), call("flip", X3, axis=(0, 2)), call("flipud", X), call("fliplr", X), call("tile", ROW, (2, 1, 2)), call("tile", X3, 2), call("repeat", X, 3), call("repeat", X3, 2, axis=-2)
call("squeeze", X3[:1, :1]), call("squeeze", X3[:, :1], axis=-2), call("expand_dims", X, (0, 3)), call("expand_dims", X, -2), call("moveaxis", X3, (0, 1), (-1, 0)), call("moveaxis", X3, 2, 0), call("transpose", X3), call("transpose", X3, (1, 0, 2)), call("swapaxes", X3, 0, -1), call("matrix_transpose", X3), call("atleast_1d", F32(2)), call("atleast_2d", V), call("atleast_3d", X), call("ravel", X3), call("broadcast_to", ROW, (2, 3, 4)), call("broadcast_to", COLUMN, (3, 5), seed=7)
for mode in ("edge", "reflect", "symmetric", "wrap"):
    call("pad", V, (2, 3), mode=mode, seed=7), call("pad", X, ((1, 2), (3, 0)), mode=mode), call("pad", ROW, (7, 5), mode=mode, label="wide")
call("pad", X, ((1, 0), (2, 1)), constant_values=5), call("pad", X, 1, mode="constant", seed=7), call("pad", INTS, (1, 2)), call("pad", X, (1, 2))
call("tril", X3, k=1), call("triu", INTS.reshape(3, 4), k=-1), call("diagonal", X3, offset=1, axis1=1, axis2=2), call("diagonal", X, offset=-1, seed=7), call("diag", ROW, k=1), call("diag", X, k=-1), call("trace", X, seed=7), call("trace", X3, offset=1, axis1=2, axis2=1)
call("take", X, np.array([[2, 0], [-1, 1]], I32), axis=1), call("take", V, np.array([0, 5], I32)), call("choose", np.array([0, 1, 1, 0], I32), [ROW, ROW * 2])
call("meshgrid", V[:3], W[:2]), call("meshgrid", V[:3], W[:2], indexing="ij"), call("meshgrid", V[:3], W[:2], ROW, sparse=True)

# Products
call("matmul", X, ROW, seed=8), call("matmul", ROW, X.T.copy(), seed=8), call("matmul", X3, normal((4, 5), 9), seed=8), call("matmul", normal((3, 1, 2, 4), 10), normal((2, 4, 3), 11), seed=8), call("matmul", normal((5, 3), 12), normal((2, 3, 4), 13), seed=8), call("matmul", V, W), call("matmul", INTS.reshape(3, 4), np.arange(4, dtype=I32))
call("dot", X3, normal((5, 4, 2), 14), seed=8), call("dot", V, W, seed=8), call("dot", X, F32(2)), call("vdot", X, Y), call("inner", X, Y, seed=8), call("inner", X3, ROW), call("outer", V, ROW), call("outer", X, V), call("kron", X[:2, :2], Y[:1, :3]), call("cross", normal((4, 3), 15), normal((4, 3), 16), seed=8), call("cross", V[:2], W[:2]), call("tensordot", X3, X3, axes=3), call("tensordot", X, Y, axes=0), call("tensordot", X3, normal((4, 3, 2), 17), axes=([1, 2], [1, 0]), seed=8), call("vecdot", X, Y)

# Creation
call("linspace", 0, 1, 5), call("linspace", 0, 1, 5, endpoint=False), call("linspace", 2, -1, 4), call("linspace", V[:2], W[:2], 3), call("linspace", V[:2], W[:2], 3, axis=1), call("linspace", 0, 10, 1), call("linspace", 3, 7, 0), call("logspace", 0, 2, 4), call("geomspace", 1, 1000, 4)
call("arange", 5), call("arange", 2, 9, 3), call("arange", 5, 0, -2), call("arange", 0.0, 1.0, 0.3), call("arange", 3, dtype="float32"), call("eye", 3, k=1), call("eye", 2, 4, k=-1), call("eye", 2, dtype="int32"), call("tri", 3, 4, k=1), call("tri", 3), call("zeros_like", INTS), call("ones_like", X, dtype="int32"), call("full_like", X, 2.5), call("full_like", INTS, 2), call("zeros", (2, 3)), call("ones", 3, dtype="bool"), call("identity", 3)

write("numpy.json", cases)
