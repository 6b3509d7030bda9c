"""Shared by the make_*.py scripts: how arrays, cases and fixture files become JSON."""

import json
import os
import pathlib

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import ml_dtypes
import numpy as np

HERE = pathlib.Path(__file__).parent
NARROW = {"int64": "int32", "uint64": "uint32"}


def rng(seed):
    return np.random.RandomState(seed)


def normal(shape, seed, dtype=np.float32, digits=2):
    """Normal numbers of few decimals, so that fixtures stay small."""
    return np.round(rng(seed).normal(size=shape), digits).astype(dtype)


def number(x, dtype):
    """One element: bits as unsigned integers elsewhere, here a number that round-trips in `dtype`."""
    if dtype == "bool":
        return bool(x)
    if "int" in dtype:
        return int(x)
    if np.isnan(x):
        return "NaN"
    if np.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    if x == 0 and np.signbit(x):
        return "-0"
    if dtype == "float64":
        value = float(x)
    else:
        value = float(str(np.float32(x)))
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def array(x):
    """{dtype, shape, data}, data flat and row-major; 64-bit integers are 32-bit ones, and must fit."""
    x = np.asarray(x)
    dtype = str(x.dtype)
    if dtype in NARROW:
        narrow = x.astype(NARROW[dtype])
        assert (narrow == x).all(), "an integer that does not fit"
        x, dtype = narrow, NARROW[dtype]
    return {"dtype": dtype, "shape": list(x.shape), "data": [number(v, dtype) for v in x.reshape(-1)]}


def arrays(tree):
    """A list for tuples and lists, an array for a leaf."""
    return [arrays(t) for t in tree] if isinstance(tree, (tuple, list)) else array(tree)


def wide(args):
    return any(str(getattr(a, "dtype", "")) == "float64" for a in args)


def inexact(a):
    return np.issubdtype(a.dtype, np.floating) or a.dtype in (ml_dtypes.bfloat16,)


def case(name, f, args, params=None, seed=None):
    """The value of f(*args); with `seed`, its cotangents (of the floating arguments) for a cotangent drawn from it."""
    args = [np.asarray(a) for a in args]
    with jax.enable_x64(wide(args)):
        out = f(*[jax.numpy.asarray(a) for a in args])
        entry = {"name": name, "params": params or {}, "args": [array(a) for a in args], "out": arrays(out)}
        if seed is None:
            return entry
        wrt = [i for i, a in enumerate(args) if inexact(a)]

        def g(*floats):
            full = [jax.numpy.asarray(a) for a in args]
            for i, v in zip(wrt, floats):
                full[i] = v
            return f(*full)

        out, pullback = jax.vjp(g, *[jax.numpy.asarray(args[i]) for i in wrt])
        leaves, tree = jax.tree.flatten(out)
        cts = [jax.numpy.asarray(normal(l.shape, seed + k, l.dtype)) for k, l in enumerate(leaves)]
        ct = jax.tree.unflatten(tree, cts)
        entry["gradient"] = {"wrt": wrt, "ct": arrays(ct), "grads": [array(t) for t in pullback(ct)]}
        return entry


def write(name, content):
    """One line a case, so that a difference reads well."""
    content = {"jax": jax.__version__, "numpy": np.__version__, **content}
    path = HERE / name
    path.write_text(show(content) + "\n")
    size = path.stat().st_size
    print(f"{name}: {size / 1000:.0f} kB")
    assert size < 300_000, f"{name} is too large"


def show(value, depth=0):
    flat = json.dumps(value, separators=(",", ":"))
    if depth >= 3 or len(flat) < 160 or not isinstance(value, (dict, list)):
        return flat
    if isinstance(value, dict):
        inner = ",\n".join(f"{json.dumps(k)}: {show(v, depth + 1)}" for k, v in value.items())
        return "{" + inner + "}"
    return "[" + ",\n".join(show(v, depth + 1) for v in value) + "]"
