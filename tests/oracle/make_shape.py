"""shape.json: structural operations, values and gradients."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from fixture import case, normal, write

X = normal((3, 4), 1)
X3 = normal((2, 3, 4), 2)
INT = np.arange(12, dtype=np.int32).reshape(3, 4)
BOOL = INT % 3 == 0
HALF = np.arange(12).reshape(3, 4).astype(np.float16)

pads = []
for name, x, value, config in [
    ("plain", X, 0, [(1, 2, 0), (0, 1, 0)]), ("negative", X, 0, [(-1, 0, 0), (0, -2, 0)]), ("negative to nothing", X, 0, [(-2, -1, 0), (0, 0, 0)]),
    ("interior", X, 0.5, [(0, 0, 1), (0, 0, 2)]), ("interior and negative", X, -1, [(-1, 2, 2), (1, -3, 1)]), ("mixed signs", X, 3, [(-1, 1, 0), (2, -1, 0)]),
    ("int32", INT, 7, [(1, 0, 1), (0, 1, 0)]), ("bool", BOOL, True, [(1, 1, 0), (-1, 0, 1)]), ("float16", HALF, 1, [(1, 0, 0), (0, 0, 1)]), ("float64", X.astype(np.float64), 0.1, [(1, 0, 1), (0, -1, 0)]),
    ("vector interior", X[0], 0, [(3, 3, 3)]), ("empty", np.zeros((0,), np.float32), 2, [(2, 1, 1)]), ("trimmed interior", X[0], 9, [(-2, -2, 1)]),
]:
    v = np.asarray(value, x.dtype)
    pads.append(case(name, lambda a, p: lax.pad(a, p, config), [x, v], {"config": config}, 3 if x.dtype in (np.float32, np.float64) else None))

slices = [case(f"{s}:{l}:{t}", lambda a: lax.slice(a, s, l, t), [x], {"start": list(s), "limit": list(l), "strides": None if t is None else list(t)}, 3 if x.dtype == np.float32 else None)
          for x, s, l, t in [(X, (0, 1), (3, 3), None), (X, (1, 0), (2, 4), (1, 2)), (X, (0, 0), (3, 4), (2, 3)), (X, (1, 1), (1, 4), None), (INT, (1, 2), (3, 4), None), (BOOL, (0, 0), (3, 4), (2, 2)), (HALF, (0, 1), (3, 4), (1, 2)), (X3, (0, 1, 1), (2, 3, 4), (1, 1, 3))]]
rev = [case(f"rev {d}", lambda a: lax.rev(a, d), [x], {"dimensions": list(d)}, 3 if x.dtype == np.float32 else None) for x, d in [(X, (0,)), (X, (1,)), (X, (0, 1)), (X3, (0, 2)), (INT, (1,)), (X, ())]]
concatenate = [case(f"concatenate {k}", lambda *a: lax.concatenate(a, d), xs, {"dimension": d}, 3 if xs[0].dtype == np.float32 else None)
               for k, (xs, d) in enumerate([([X, X[:1]], 0), ([X, X[:, :2], X], 1), ([X3, X3[:, :1]], 1), ([INT, INT], 0), ([X[:0], X], 0), ([BOOL, BOOL[:, 1:]], 1)])]
transpose = [case(f"transpose {p}", lambda a: lax.transpose(a, p), [x], {"permutation": list(p)}, 3 if x.dtype == np.float32 else None) for x, p in [(X, (1, 0)), (X3, (2, 0, 1)), (X3, (0, 2, 1)), (X3, (2, 1, 0)), (INT, (1, 0)), (BOOL, (1, 0)), (HALF, (1, 0)), (X, (0, 1))]]
broadcast = [case(f"broadcast {x.shape} {s} {d}", lambda a: lax.broadcast_in_dim(a, s, d), [x], {"shape": list(s), "broadcastDimensions": list(d)}, 3 if x.dtype == np.float32 else None)
             for x, s, d in [(X, (2, 3, 4), (1, 2)), (X, (3, 2, 4), (0, 2)), (X[:1], (5, 4), (0, 1)), (X[:, :1], (3, 6), (0, 1)), (X[0, 0], (2, 3), ()), (INT[:1], (2, 3, 4), (0, 2)), (X[0], (4, 3), (0,)), (X, (0, 3, 4), (1, 2))]]
reshape = [case(f"reshape {x.shape} {s}", lambda a: jnp.reshape(a, s), [x], {"shape": list(s)}, 3 if x.dtype == np.float32 else None)
           for x, s in [(X, (12,)), (X, (2, -1)), (X3, (6, 4)), (X3, (2, 2, 3, 2)), (X[0, 0], (1, 1)), (INT, (4, 3)), (np.zeros((0, 3), np.float32), (3, 0))]]

NUMPY = {
    "stack": lambda p: lambda *a: jnp.stack(a, p["axis"]), "concatenate": lambda p: lambda *a: jnp.concatenate(a, p["axis"]), "squeeze": lambda p: lambda a: jnp.squeeze(a, p["axis"]), "expandDims": lambda p: lambda a: jnp.expand_dims(a, p["axis"]),
    "moveaxis": lambda p: lambda a: jnp.moveaxis(a, p["source"], p["destination"]), "swapaxes": lambda p: lambda a: jnp.swapaxes(a, p["axis1"], p["axis2"]), "flip": lambda p: lambda a: jnp.flip(a, p["axis"]),
    "roll": lambda p: lambda a: jnp.roll(a, p["shift"], p["axis"]), "tile": lambda p: lambda a: jnp.tile(a, p["reps"]), "repeat": lambda p: lambda a: jnp.repeat(a, p["repeats"], p["axis"]), "broadcastTo": lambda p: lambda a: jnp.broadcast_to(a, p["shape"]),
    "tril": lambda p: lambda a: jnp.tril(a, p["k"]), "triu": lambda p: lambda a: jnp.triu(a, p["k"]), "split": lambda p: lambda a: tuple(jnp.split(a, p["sections"], p["axis"])), "ravel": lambda p: jnp.ravel, "diagonal": lambda p: lambda a: jnp.diagonal(a),
    "outer": lambda p: jnp.outer, "pad": lambda p: lambda a: jnp.pad(a, p["width"]),
}
numpy = {name: [] for name in NUMPY}
for name, xs, p in [
    ("stack", [X, X], {"axis": 0}), ("stack", [X, X], {"axis": 1}), ("stack", [X, X], {"axis": -1}), ("concatenate", [X, X], {"axis": -1}), ("concatenate", [X, INT], {"axis": 0}), ("squeeze", [X3[:, :1]], {"axis": 1}), ("squeeze", [X3[:1, :1]], {"axis": None}),
    ("expandDims", [X], {"axis": 1}), ("expandDims", [X], {"axis": -1}), ("moveaxis", [X3], {"source": 0, "destination": -1}), ("moveaxis", [X3], {"source": -1, "destination": 0}), ("swapaxes", [X3], {"axis1": 0, "axis2": 2}), ("flip", [X3], {"axis": 1}), ("flip", [X], {"axis": None}),
    ("roll", [X], {"shift": 1, "axis": 0}), ("roll", [X], {"shift": -3, "axis": 1}), ("roll", [X], {"shift": 5, "axis": None}), ("tile", [X], {"reps": [2, 1]}), ("tile", [X], {"reps": [2, 1, 3]}), ("tile", [X], {"reps": [2]}),
    ("repeat", [X], {"repeats": 2, "axis": 0}), ("repeat", [X], {"repeats": 3, "axis": 1}), ("repeat", [X], {"repeats": 2, "axis": None}), ("broadcastTo", [X], {"shape": [2, 3, 4]}), ("tril", [X], {"k": 0}), ("tril", [X], {"k": 1}), ("triu", [X], {"k": 0}), ("triu", [X], {"k": -1}),
    ("split", [X], {"sections": 2, "axis": 1}), ("split", [X3], {"sections": [1, 3], "axis": 2}), ("ravel", [X3], {}), ("diagonal", [X], {}), ("outer", [X[0], X[1]], {}), ("pad", [X], {"width": [[1, 0], [2, 1]]}), ("pad", [X], {"width": 1}),
]:
    numpy[name].append(case(f"{name} {p}", NUMPY[name](p), xs, p, 3))
write("shape.json", {"pad": pads, "slice": slices, "rev": rev, "concatenate": concatenate, "transpose": transpose, "broadcastInDim": broadcast, "reshape": reshape, "numpy": numpy})
