"""promotion.json: JAX's lattice over every pair of dtypes and Python scalars: [result, weak]."""

import jax
import jax.numpy as jnp
from jax._src import dtypes

from fixture import NARROW, write

STRONG = "float32 float64 float16 bfloat16 int8 int16 int32 uint8 uint16 uint32 bool complex64 complex128".split()
WEAK = {"int*": 1, "float*": 1.5, "complex*": 1j}
# The default dtype of a weak result; JavaScript's plain numbers are never 64-bit.
DEFAULT = {"int*": "int32", "float*": "float32", "complex*": "complex64"}
KIND = {"i": "int*", "f": "float*", "c": "complex*"}


def result(*names):
    with jax.enable_x64(True):
        values = [WEAK[n] if n in WEAK else jnp.zeros((), n) for n in names]
        dtype, weak = dtypes.lattice_result_type(*values)
    if weak:
        return [DEFAULT[KIND[dtype.kind]] if dtype.kind in KIND else str(dtype), True]
    return [NARROW.get(str(dtype), str(dtype)), False]


names = STRONG + list(WEAK)
write("promotion.json", {"pairs": {a: {b: result(a, b) for b in names} for a in names}})
