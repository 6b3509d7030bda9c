"""reductions.json: reductions, cumulative operations, arg-extrema and sorts; values and gradients."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from fixture import case, normal, write

NAN, INF = np.nan, np.inf
PLAIN = normal((2, 3, 4), 1)
WITH_NAN = np.array([[1, NAN, 3], [-0.0, 0.0, -1], [INF, 2, -INF]], np.float32)
ZEROS = np.array([[0.0, -0.0, 0.0], [-0.0, 0.0, -0.0]], np.float32)
INT = np.array([[3, -1, 4], [1, -5, 9]], np.int32)
UINT8 = np.array([[200, 100, 3], [1, 5, 9]], np.uint8)
BOOL = np.array([[True, False, True], [True, True, True]])
EMPTY = np.zeros((0, 3), np.float32)
TIES = np.array([[1, 3, 3, 2], [5, 5, 5, 0], [-1, -1, -2, -1]], np.float32)
FACTORS = np.array([[2, 0, 3, 4], [0, 5, 0, 2], [1, -2, 3, 0.5]], np.float32)
INPUTS = {"plain": PLAIN, "plain64": PLAIN.astype(np.float64), "nan": WITH_NAN, "zeros": ZEROS, "int32": INT, "uint8": UINT8, "bool": BOOL, "scalar": np.float32(2.5)}
AXES = {"plain": [None, 0, 1, -1, [0, 2], [1, 2], [-3, -1]], "plain64": [None, [0, 2]], "nan": [None, 0, 1], "zeros": [None, 1], "int32": [None, 0, 1], "uint8": [None, 1], "bool": [None, 0, -1], "scalar": [None]}
REDUCE = {"sum": jnp.sum, "prod": jnp.prod, "max": jnp.max, "min": jnp.min, "mean": jnp.mean, "any": jnp.any, "all": jnp.all, "var": jnp.var, "std": jnp.std, "argmax": jnp.argmax, "argmin": jnp.argmin,
          "logsumexp": jax.scipy.special.logsumexp}


def tup(axis):
    return tuple(axis) if isinstance(axis, list) else axis


reduce = {}
for name, f in REDUCE.items():
    entries = []
    for key, x in INPUTS.items():
        if name == "logsumexp" and not np.issubdtype(x.dtype, np.floating):
            continue
        for axis in AXES[key]:
            if name in ("argmax", "argmin") and (isinstance(axis, list) or x.dtype == bool):
                continue
            for keepdims in (False, True):
                if keepdims and key not in ("plain", "bool"):
                    continue
                entries.append(case(f"{key} axis {axis} keepdims {keepdims}", lambda v: f(v, axis=tup(axis), keepdims=keepdims), [x], {"axis": axis, "keepdims": keepdims}))
    for axis in (None, 0, 1):
        if name in ("sum", "prod", "any", "all", "logsumexp"):
            entries.append(case(f"empty axis {axis}", lambda v: f(v, axis=axis), [EMPTY], {"axis": axis, "keepdims": False}))
    # Gradients.
    grads = {"sum": [PLAIN], "mean": [PLAIN], "prod": [PLAIN, FACTORS], "max": [PLAIN, TIES], "min": [PLAIN, TIES], "var": [PLAIN], "std": [PLAIN], "logsumexp": [PLAIN, TIES]}.get(name, [])
    for k, x in enumerate(grads):
        for axis in (None, 0, 1, [0, 1]):
            entries.append(case(f"gradient {k} axis {axis}", lambda v: f(v, axis=tup(axis)), [x], {"axis": axis, "keepdims": False}, seed=7))
    reduce[name] = entries

CUM = {"cumsum": lax.cumsum, "cumprod": lax.cumprod, "cummax": lax.cummax, "cummin": lax.cummin, "cumlogsumexp": lax.cumlogsumexp}
cumulative = {}
for name, f in CUM.items():
    entries = []
    for key, x in (("plain", PLAIN), ("plain64", PLAIN.astype(np.float64)), ("nan", WITH_NAN), ("int32", INT), ("ties", TIES), ("factors", FACTORS), ("empty", EMPTY)):
        if name == "cumlogsumexp" and not np.issubdtype(x.dtype, np.floating):
            continue
        for axis in range(x.ndim):
            for reverse in (False, True):
                seed = 3 if key in ("plain", "ties", "factors") else None
                entries.append(case(f"{key} axis {axis} reverse {reverse}", lambda v: f(v, axis=axis, reverse=reverse), [x], {"axis": axis, "reverse": reverse}, seed))
    cumulative[name] = entries
flat = [case("flat cumsum", lambda v: jnp.cumsum(v), [PLAIN]), case("bool cumsum", lambda v: jnp.cumsum(v), [BOOL])]

UNSORTED = np.array([[3, NAN, -0.0, 0.0, -INF, INF, -2, NAN, 3], [1, 0.0, -0.0, 1, 2, -1, NAN, NAN, 0.5]], np.float32)
sort, argsort = [], []
for key, x in (("plain", PLAIN), ("nan", UNSORTED), ("int32", INT), ("uint8", UINT8), ("bool", BOOL), ("ties", TIES), ("plain64", PLAIN.astype(np.float64)), ("empty", EMPTY)):
    for axis in (*range(x.ndim), -1):
        sort.append(case(f"{key} axis {axis}", lambda v: jnp.sort(v, axis=axis), [x], {"axis": axis}, 5 if key in ("plain", "ties") else None))
        argsort.append(case(f"{key} axis {axis}", lambda v: jnp.argsort(v, axis=axis), [x], {"axis": axis}))
keys = np.array([2, 1, 2, 1, 0, 2], np.int32)
second = np.array([1.5, -1, NAN, -3, 2, 0], np.float32)
payload = np.arange(6, dtype=np.float32)
several = [
    case("one key", lambda *v: tuple(lax.sort(v, num_keys=1)), [keys, second, payload], {"numKeys": 1}, 5),
    case("two keys", lambda *v: tuple(lax.sort(v, num_keys=2)), [keys, second, payload], {"numKeys": 2}, 5),
]
top = [case(f"{key} k {k}", lambda v: tuple(lax.top_k(v, k)), [x], {"k": k}) for key, x in (("plain", PLAIN), ("nan", UNSORTED), ("int32", INT), ("ties", TIES)) for k in (1, 3)]
write("reductions.json", {"reduce": reduce, "cumulative": cumulative, "flat": flat, "sort": sort, "argsort": argsort, "several": several, "topK": top})
