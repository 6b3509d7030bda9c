"""windows.json: reduceWindow over sums, products and extrema; values and gradients, with ties."""

import numpy as np
from jax import lax

from fixture import case, normal, rng, write

X = normal((5, 6), 1)
IMAGE = normal((1, 6, 5, 2), 2)
TIES = np.array([[1, 1, 2, 2, 0], [1, 1, 2, 2, 0], [3, 3, 3, 3, 3], [0, 0, 3, 3, -1]], np.float32)
NANS = np.where(X > 1, np.nan, X).astype(np.float32)
CORNERS = rng(5).choice([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, 2.0], (7, 8)).astype(np.float32)
INT = (X * 10).astype(np.int32)
CASES = [  # name, x, dimensions, strides, padding, base dilation, window dilation
    ("valid", X, (2, 3), (1, 1), "VALID", None, None), ("same", X, (3, 3), (1, 1), "SAME", None, None), ("strided", X, (2, 2), (2, 2), "VALID", None, None), ("same strided", X, (3, 2), (2, 3), "SAME", None, None), ("explicit", X, (2, 3), (1, 2), ((1, 0), (2, 1)), None, None), ("overlapping", X, (3, 3), (2, 1), ((0, 1), (0, 0)), None, None),
    ("window dilation", X, (2, 2), (1, 1), "VALID", None, (2, 3)), ("base dilation", X, (2, 3), (1, 1), ((1, 1), (0, 2)), (2, 2), None), ("image", IMAGE, (1, 2, 2, 1), (1, 2, 2, 1), "VALID", None, None), ("image same", IMAGE, (1, 3, 3, 1), (1, 2, 2, 1), "SAME", None, None), ("ties", TIES, (2, 2), (2, 2), "VALID", None, None), ("ties overlapping", TIES, (3, 2), (1, 1), "SAME", None, None),
    ("nan", NANS, (2, 2), (1, 2), "VALID", None, None), ("int32", INT, (2, 2), (1, 1), "SAME", None, None), ("float64", X.astype(np.float64), (2, 3), (1, 2), "SAME", None, None), ("vector", X[0], (3,), (1,), "VALID", None, None), ("whole", X, (5, 6), (1, 1), "VALID", None, None), ("negative padding", X, (2, 2), (1, 1), ((-1, 0), (0, -2)), None, None),
]
# Where NaN and infinities stand decides which element a window's cotangent goes to; padding and holes can take it, too.
CORNER_CASES = [
    ("corners", CORNERS, (2, 2), (2, 2), "VALID", None, None), ("corners overlapping", CORNERS, (3, 2), (1, 1), "VALID", None, None), ("corners padded", CORNERS, (2, 3), (2, 1), ((1, 1), (2, 1)), None, None), ("corners dilated", CORNERS, (3, 3), (2, 1), ((1, 0), (0, 2)), (2, 3), None), ("corners whole", CORNERS[:, :5], (7, 5), (1, 1), "VALID", None, None), ("corners of rows", CORNERS, (1, 8), (1, 1), "VALID", None, None),
]
OPS = {"add": (lax.add, 0), "mul": (lax.mul, 1), "max": (lax.max, -np.inf), "min": (lax.min, np.inf)}


def init(op, dtype):
    if dtype == np.int32 and op in ("max", "min"):
        return np.iinfo(np.int32).min if op == "max" else np.iinfo(np.int32).max
    return OPS[op][1]


out = {op: [] for op in OPS}
for op, (f, _) in OPS.items():
    for name, x, dims, strides, padding, base, window in CASES + (CORNER_CASES if op in ("max", "min") else []):
        start = np.asarray(init(op, x.dtype), x.dtype)
        seed = 3 if x.dtype != np.int32 and not name.startswith("nan") else None
        if base is not None and op in ("max", "min", "mul") and x is not CORNERS or op == "mul":
            seed = None  # JAX has no reverse derivative of these
        if (window is not None or name == "negative padding") and op in ("max", "min"):
            seed = None
        params = {"init": "-Infinity" if start == -np.inf else "Infinity" if start == np.inf else int(start), "windowDimensions": list(dims), "windowStrides": list(strides), "padding": padding if isinstance(padding, str) else [list(p) for p in padding],
                  "baseDilation": None if base is None else list(base), "windowDilation": None if window is None else list(window)}
        # A concrete initial value, so that JAX takes its differentiable primitives.
        out[op].append(case(name, lambda a: lax.reduce_window(a, start, f, dims, strides, padding, base_dilation=base, window_dilation=window), [x], params, seed))
write("windows.json", out)
