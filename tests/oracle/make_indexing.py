"""indexing.json: gather, scatter, dynamic slices, jnp.take and its kin, and NumPy indexing; values and gradients."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from fixture import array, case, normal, write

X = normal((4, 3), 1)
X3 = normal((3, 4, 5), 2)
V = normal((6,), 3)
I32 = np.int32


def ints(*v):
    return np.array(v, I32)


GATHER = [  # name, operand, indices, dimension numbers, slice sizes
    ("rows", X, ints([0], [3], [1], [1]), dict(offset_dims=(1,), collapsed_slice_dims=(0,), start_index_map=(0,)), (1, 3)),
    ("rows out of bounds", X, ints([-1], [4], [2], [100]), dict(offset_dims=(1,), collapsed_slice_dims=(0,), start_index_map=(0,)), (1, 3)),
    ("points", X, ints([0, 1], [3, 2], [1, 3], [-2, 0]), dict(offset_dims=(), collapsed_slice_dims=(0, 1), start_index_map=(0, 1)), (1, 1)),
    ("windows", X, ints([0, 1], [2, 0], [3, 0], [2, 2]), dict(offset_dims=(1, 2), collapsed_slice_dims=(), start_index_map=(0, 1)), (2, 2)),
    ("swapped map", X3, ints([[0, 1], [2, 2]], [[4, 0], [1, 9]]), dict(offset_dims=(2,), collapsed_slice_dims=(0, 2), start_index_map=(2, 0)), (1, 2, 1)),
    ("batched", X, ints([0], [2], [1], [5]), dict(offset_dims=(), collapsed_slice_dims=(1,), start_index_map=(1,), operand_batching_dims=(0,), start_indices_batching_dims=(0,)), (1, 1)),
    ("int operand", np.arange(12, dtype=I32).reshape(4, 3), ints([0], [7], [-3]), dict(offset_dims=(1,), collapsed_slice_dims=(0,), start_index_map=(0,)), (1, 3)),
    ("uint8 operand", np.arange(12, dtype=np.uint8).reshape(4, 3), ints([0], [7], [-3]), dict(offset_dims=(1,), collapsed_slice_dims=(0,), start_index_map=(0,)), (1, 3)),
    ("bool operand", np.arange(12).reshape(4, 3) % 2 == 0, ints([0], [7], [-3]), dict(offset_dims=(1,), collapsed_slice_dims=(0,), start_index_map=(0,)), (1, 3)),
]
CAMEL = {"offset_dims": "offsetDims", "collapsed_slice_dims": "collapsedSliceDims", "start_index_map": "startIndexMap", "operand_batching_dims": "operandBatchingDims",
         "start_indices_batching_dims": "startIndicesBatchingDims", "update_window_dims": "updateWindowDims", "inserted_window_dims": "insertedWindowDims",
         "scatter_dims_to_operand_dims": "scatterDimsToOperandDims", "scatter_indices_batching_dims": "scatterIndicesBatchingDims"}
ALL_GATHER = ["offset_dims", "collapsed_slice_dims", "start_index_map", "operand_batching_dims", "start_indices_batching_dims"]
ALL_SCATTER = ["update_window_dims", "inserted_window_dims", "scatter_dims_to_operand_dims", "operand_batching_dims", "scatter_indices_batching_dims"]


def numbers(given, names):
    return {CAMEL[n]: list(given.get(n, ())) for n in names}


gather = []
for name, x, i, d, sizes in GATHER:
    dn = lax.GatherDimensionNumbers(**d)
    inside = name == "rows"
    for mode in ["clip", "fill"] + (["promise_in_bounds"] if inside else []):
        params = {"dimensionNumbers": numbers(d, ALL_GATHER), "sliceSizes": list(sizes), "mode": mode, "fillValue": None}
        gather.append(case(f"{name} {mode}", lambda a, k: lax.gather(a, k, dn, sizes, mode=mode), [x, i], params, 4 if x.dtype == np.float32 else None))
    if x.dtype == np.float32:
        gather.append(case(f"{name} fill 7", lambda a, k: lax.gather(a, k, dn, sizes, mode="fill", fill_value=7), [x, i], {**params, "mode": "fill", "fillValue": 7}))

SCATTER = [  # name, operand, indices, updates shape, dimension numbers
    ("rows", X, ints([0], [3], [1]), (3, 3), dict(update_window_dims=(1,), inserted_window_dims=(0,), scatter_dims_to_operand_dims=(0,))),
    ("repeated rows", X, ints([1], [3], [1], [1]), (4, 3), dict(update_window_dims=(1,), inserted_window_dims=(0,), scatter_dims_to_operand_dims=(0,))),
    ("rows out of bounds", X, ints([-1], [4], [2]), (3, 3), dict(update_window_dims=(1,), inserted_window_dims=(0,), scatter_dims_to_operand_dims=(0,))),
    ("points", X, ints([0, 1], [3, 2], [1, 3], [0, 1]), (4,), dict(update_window_dims=(), inserted_window_dims=(0, 1), scatter_dims_to_operand_dims=(0, 1))),
    ("windows", X, ints([0, 1], [2, 0], [3, 0]), (3, 2, 2), dict(update_window_dims=(1, 2), inserted_window_dims=(), scatter_dims_to_operand_dims=(0, 1))),
    ("batched", X, ints([0], [2], [1], [1]), (4,), dict(update_window_dims=(), inserted_window_dims=(1,), scatter_dims_to_operand_dims=(1,), operand_batching_dims=(0,), scatter_indices_batching_dims=(0,))),
    ("int32", np.arange(6, dtype=I32), ints([1], [1], [8], [5]), (4,), dict(update_window_dims=(), inserted_window_dims=(0,), scatter_dims_to_operand_dims=(0,))),
    ("float64", V.astype(np.float64), ints([1], [1], [8], [5]), (4,), dict(update_window_dims=(), inserted_window_dims=(0,), scatter_dims_to_operand_dims=(0,))),
]
OPS = {"scatter": lax.scatter, "scatterAdd": lax.scatter_add, "scatterMul": lax.scatter_mul, "scatterMin": lax.scatter_min, "scatterMax": lax.scatter_max}
scatter = {op: [] for op in OPS}
for op, f in OPS.items():
    for name, x, i, shape, d in SCATTER:
        dn = lax.ScatterDimensionNumbers(**d)
        u = normal(shape, 8, np.float64 if x.dtype == np.float64 else np.float32)
        u = (u * 10).astype(I32) if x.dtype == I32 else u
        repeated = len({tuple(r) for r in i.tolist()}) < len(i)
        for mode in ["clip", "fill"] + (["promise_in_bounds"] if name == "rows" else []):
            seed = 9 if x.dtype == np.float32 else None
            if op in ("scatterMin", "scatterMax"):
                seed = None  # JAX has no derivative of these
            if op == "scatterMul" and (repeated or name == "windows" or mode == "clip"):
                seed = None  # JAX asks for unique indices there
            params = {"dimensionNumbers": numbers(d, ALL_SCATTER), "mode": mode, "uniqueIndices": op == "scatterMul" and seed is not None}
            g = lambda a, k, w: f(a, k, w, dn, mode=mode, unique_indices=params["uniqueIndices"])
            scatter[op].append(case(f"{name} {mode}", g, [x, i, u], params, seed))

dynamic_slice = [case(f"start {s} sizes {z}", lambda a, *k: lax.dynamic_slice(a, k, z), [x, *(I32(v) for v in s)], {"sliceSizes": list(z)}, 2)
                 for x, s, z in [(X, (1, 0), (2, 2)), (X, (3, 2), (2, 2)), (X, (-1, -1), (2, 2)), (X, (-3, 1), (1, 3)), (X, (100, -100), (3, 1)), (V, (4,), (4,)), (X3, (0, 1, 2), (3, 2, 2))]]
dynamic_update = [case(f"start {s} update {z}", lambda a, w, *k: lax.dynamic_update_slice(a, w, k), [x, normal(z, 5), *(I32(v) for v in s)], {}, 2)
                  for x, s, z in [(X, (1, 0), (2, 2)), (X, (3, 2), (2, 2)), (X, (-1, -1), (2, 2)), (X, (100, -100), (3, 1)), (V, (4,), (4,)), (X3, (0, 1, 2), (3, 2, 2))]]

OUT = ints(0, -1, 5, -7, 2, 6)
take = [case(f"axis {axis} mode {mode} indices {np.ndim(i)}", lambda a, k: jnp.take(a, k, axis=axis, mode=mode), [x, i], {"axis": axis, "mode": mode}, 6 if x.dtype == np.float32 else None)
        for x, i, axis in [(V, OUT, 0), (X, ints(0, 2, -1, 9), 0), (X, ints([0, 2], [1, -4]), 1), (X, ints(3, 11, 12, -1), None), (V, I32(-2), 0), (np.arange(6, dtype=I32), OUT, 0)] for mode in (None, "clip", "fill", "wrap")]
along = [case(f"axis {axis} mode {mode}", lambda a, k: jnp.take_along_axis(a, k, axis=axis, mode=mode), [x, i], {"axis": axis, "mode": mode}, 6)
         for x, i, axis in [(X, ints([0], [2], [-1], [1]), 1), (X, ints([3, 0, 1], [-1, 2, 2]), 0), (X, ints([0, 0, 0]), 0), (X, ints([0], [3], [-4], [1]), 1)] for mode in (None, "clip", "fill")]


# NumPy indexing: a number, None (new axis), {"slice": [start, stop, step]}, {"array": …}, "..." (ellipsis).
S = slice
MASK = np.array([True, False, True, True])
MASK2 = X > 0
INDICES = [
    (X, (1,)), (X, (-1,)), (X, (2, 1)), (X, (-1, -2)), (X, (S(1, 3),)), (X, (S(None, None, -1),)), (X, (S(None), S(None, None, 2))), (X, (S(3, 0, -1), 1)), (X, (S(-3, None), S(-2, -1))), (X, (S(3, None, -2), S(None, None, -1))), (X, (S(2, 2),)), (X, (S(5, 10),)),
    (X, (None,)), (X, (S(None), None)), (X, (None, 1, None)), (X, (..., 0)), (X3, (0, ..., 1)), (X3, (..., S(None, None, -2))), (X3, (S(None), 1)), (X3, (1, S(1, 3), S(None, None, 2))),
    (X, (ints(0, 2, 2, -1),)), (X, (ints([0, 1], [3, -4]),)), (X, (S(None), ints(2, 0))), (X, (ints(0, 1, 3), ints(2, 1, 0))), (X, (ints([0], [2]), ints(1, 0))), (X, (S(1, 3), ints(0, 0, 2))), (X, (ints(0, 3), 1)), (X3, (ints(0, 2), S(None), ints(1, 3))), (X3, (S(None), ints(0, 2), ints(1, 3))),
    (X3, (0, S(None), ints(1, 3))), (X3, (ints(0, 2), None, S(None), ints(1, 3))), (X3, (S(None), ints(3, 1), S(None, None, -1))), (X3, (S(None), ints([0, 1], [2, 3]))), (X, (ints(4, -5, 2),)), (np.arange(12, dtype=I32).reshape(4, 3), (ints(1, 1), S(None, None, -1))), (X, (None, ints(1, 2), ..., None)),
]
MASKS = [(X, (MASK,)), (X, (MASK2,)), (X, (S(None), MASK[:3])), (X, (MASK, 1)), (X, (MASK, ints(0, 1, 2)))]


def encode(index):
    one = lambda i: "..." if i is ... else None if i is None else {"slice": [i.start, i.stop, i.step]} if isinstance(i, slice) else i if isinstance(i, int) else {"array": array(i)}
    return [one(i) for i in index]


def show(index):
    return ", ".join("..." if i is ... else f"{i.start}:{i.stop}:{i.step}".replace("None", "") if isinstance(i, slice) else str(np.asarray(i).tolist() if i is not None else None) for i in index)


get = [case(f"x{list(x.shape)}[{show(i)}]", lambda a: a[i], [x], {"index": encode(i)}, 6 if x.dtype == np.float32 else None) for x, i in INDICES]
masks = [case(f"x{list(x.shape)}[{show(i)}]", lambda a: a[i], [x], {"index": encode(i)}) for x, i in MASKS]
at = []
for x, i in [(X, (1,)), (X, (S(None, None, -1), 0)), (X, (ints(0, 2, -1),)), (X, (ints(1, 1, 2), ints(0, 0, 2))), (X, (S(1, 3), S(None, None, 2))), (X3, (S(None), ints(1, 3), 2)), (X, (ints(0, 9, -9),)), (X, (..., -1)), (X3, (ints(0, 2), S(None), ints(1, 3)))]:
    shape = np.asarray(jnp.asarray(x)[i]).shape
    for method in ("set", "add", "mul", "min", "max"):
        unique = "1, 1" not in show(i)
        smooth = method in ("set", "add") and unique or method == "add"
        at.append(case(f"x{list(x.shape)}.at[{show(i)}].{method}", lambda a, u: getattr(a.at[i], method)(u), [x, normal(shape, 11)], {"index": encode(i), "method": method}, 6 if smooth else None))
at.append(case("x.at[1].set(scalar)", lambda a, u: a.at[1].set(u), [X, np.float32(2.5)], {"index": [1], "method": "set"}, 6))
at.append(case("x.at[:, 1].add(row of 1)", lambda a, u: a.at[:, 1].add(u), [X, np.ones((1,), np.float32)], {"index": [{"slice": [None, None, None]}, 1], "method": "add"}, 6))
write("indexing.json", {"gather": gather, "scatter": scatter, "dynamicSlice": dynamic_slice, "dynamicUpdateSlice": dynamic_update, "take": take, "takeAlongAxis": along, "get": get, "masks": masks, "at": at})
