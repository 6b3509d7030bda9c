"""random.json: keys, bits and samples, in the partitionable threefry layout; float64 with JAX_ENABLE_X64 for that case alone.

Keys are their two uint32 words. JAX without 64-bit types takes a seed's low 32 bits (`keys`); `wideKeys` are those
with 64-bit types, for the record.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import random

from fixture import array, write

assert jax.config.jax_threefry_partitionable
SEEDS = [0, 1, 42, 1701, 123456789, -1, -5, 2**31 - 1, 2**31, 2**32 - 1, 2**32 + 7, 2**40 + 3]
SHAPES = [(), (1,), (2,), (5,), (3, 4), (2, 3, 2), (0,), (2, 0)]


def words(key):
    return np.asarray(random.key_data(key)).tolist()


def entry(seed, out, **params):
    return {"name": " ".join([f"seed {seed}", *(f"{k} {v}" for k, v in params.items())]), "seed": seed, "params": params, "out": array(out)}


keys = {str(s): words(random.key(s)) for s in SEEDS}
with jax.enable_x64(True):
    wide = {str(s): words(random.key(s)) for s in SEEDS}
split = [{"seed": s, "shape": n if isinstance(n, int) else list(n), "out": words(random.split(random.key(s), n))} for s in SEEDS for n in (1, 2, 3, 7)] + \
        [{"seed": 3, "shape": [2, 3], "out": words(random.split(random.key(3), (2, 3)))}]
fold = [{"seed": s, "data": d, "out": words(random.fold_in(random.key(s), d))} for s in (0, 42, -1) for d in (0, 1, 2, 1000, 2**31 - 1, 2**32 - 1)]
bits = [entry(s, random.bits(random.key(s), shape, d), shape=list(shape), dtype=d) for s in (0, 1, 42, -1, 2**32 - 1) for shape in SHAPES for d in ("uint8", "uint16", "uint32")]

samples = {}


def sample(name, call, seeds=(0, 42, -1), **params):
    samples.setdefault(name, [])
    wide_dtype = params.get("dtype") == "float64"
    for s in seeds:
        key = random.key(s)  # of the default mode, whatever the sample's dtype
        with jax.enable_x64(wide_dtype):
            samples[name].append(entry(s, call(key), **params))


def tup(p):
    return tuple(p["shape"])


for shape in ([], [1], [7], [3, 4], [0]):
    for dtype in ("float32", "float64"):
        sample("uniform", lambda k: random.uniform(k, tuple(shape), dtype), shape=shape, dtype=dtype)
        sample("normal", lambda k: random.normal(k, tuple(shape), dtype), shape=shape, dtype=dtype)
for dtype in ("float16", "bfloat16"):
    sample("uniform", lambda k: random.uniform(k, (6,), dtype), shape=[6], dtype=dtype)
    sample("normal", lambda k: random.normal(k, (6,), dtype), shape=[6], dtype=dtype)
for lo, hi in ((-1, 1), (2, 5), (0, 1e-3), (-1e6, 1e6)):
    sample("uniform", lambda k: random.uniform(k, (6,), "float32", lo, hi), shape=[6], dtype="float32", minval=lo, maxval=hi)
sample("normal", lambda k: random.normal(k, (200,), "float32"), seeds=(7,), shape=[200], dtype="float32")
for p in (0.0, 0.1, 0.5, 0.9, 1.0):
    sample("bernoulli", lambda k: random.bernoulli(k, p, (12,)), p=p, shape=[12])
for n in (0, 1, 2, 5, 30):
    sample("permutation", lambda k: random.permutation(k, n), n=n)
for lo, hi, dtype in ((0, 10, "int32"), (-5, 5, "int32"), (0, 1, "int32"), (0, 2**31 - 1, "int32"), (-(2**31), 2**31 - 1, "int32"), (5, 5, "int32"), (7, 3, "int32"), (0, 200, "uint8"), (0, 256, "uint8"), (-100, 100, "int8"), (0, 1000, "int16"), (3, 100000, "uint32")):
    sample("randint", lambda k: random.randint(k, (8,), lo, hi, dtype), shape=[8], minval=lo, maxval=hi, dtype=dtype)
for dtype in ("float32", "float64"):
    for shape in ([], [6]):
        sample("gumbel", lambda k: random.gumbel(k, tuple(shape), dtype), shape=shape, dtype=dtype)
        sample("exponential", lambda k: random.exponential(k, tuple(shape), dtype), shape=shape, dtype=dtype)
        sample("laplace", lambda k: random.laplace(k, tuple(shape), dtype), shape=shape, dtype=dtype)
    for lo, hi in ((-2, 2), (0, 1), (-0.5, 3)):
        sample("truncatedNormal", lambda k: random.truncated_normal(k, lo, hi, (6,), dtype), lower=lo, upper=hi, shape=[6], dtype=dtype)
LOGITS = np.array([[0.1, 2, -1, 0.5], [3, 0, 0, -2], [0, 0, 0, 0]], np.float32)
for shape, axis in ((None, -1), (None, 0), ([5, 3], -1)):
    sample("categorical", lambda k: random.categorical(k, LOGITS, axis, None if shape is None else tuple(shape)), axis=axis, shape=shape)
P = [0.1, 0.2, 0.3, 0.4]
for shape, replace, p in (([], True, None), ([6], True, None), ([3], False, None), ([4], False, None), ([6], True, P), ([3], False, P)):
    sample("choice", lambda k: random.choice(k, 4, tuple(shape), replace, None if p is None else jnp.array(p, "float32")), n=4, shape=shape, replace=replace, p=p)
rows = np.arange(12, dtype=np.float32).reshape(4, 3)
shuffled = [{"seed": s, "axis": axis, "independent": ind, "out": array(random.permutation(random.key(s), rows, axis, independent=ind))} for s in (0, 42) for axis in (0, 1) for ind in (False, True)]
write("random.json", {"keys": keys, "wideKeys": wide, "split": split, "foldIn": fold, "bits": bits, "samples": samples, "logits": array(LOGITS), "rows": array(rows), "shuffled": shuffled})
