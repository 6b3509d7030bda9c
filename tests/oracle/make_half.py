"""half.json: arithmetic, functions, reductions and contractions of float16, bfloat16 and narrow integers."""

import jax.numpy as jnp
import ml_dtypes
import numpy as np
from jax import lax, nn

from fixture import case, write

INF, NAN = np.inf, np.nan
VALUES = [0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -3.25, 7, 10.5, -20, 100, -300, 1000, 0.001, INF, -INF, NAN]
OTHER = [1.0, 2, -1, 3, 0.25, 0.0, -2, 1.25, 0.5, -7, 0.125, 3, -100, 2, 0.001, 4, 1, 0.0, 1]
UNARY = {"neg": lax.neg, "abs": lax.abs, "sign": lax.sign, "floor": lax.floor, "sqrt": lax.sqrt, "rsqrt": lax.rsqrt, "exp": lax.exp, "log": lax.log, "log1p": lax.log1p, "sin": lax.sin, "tanh": lax.tanh, "logistic": lax.logistic, "erf": lax.erf, "isFinite": lax.is_finite, "square": lax.square}
BINARY = {"add": lax.add, "sub": lax.sub, "mul": lax.mul, "div": lax.div, "max": lax.max, "min": lax.min, "pow": lax.pow, "lt": lax.lt, "eq": lax.eq}
REDUCE = {"sum": jnp.sum, "prod": jnp.prod, "max": jnp.max, "min": jnp.min, "mean": jnp.mean, "argmax": jnp.argmax}
unary, binary, reduce, matmul, softmax, cumsum, sort = {n: [] for n in UNARY}, {n: [] for n in BINARY}, {n: [] for n in REDUCE}, [], [], [], []
grid = np.arange(12).reshape(3, 4) * 0.75 - 4
for dtype in (np.float16, ml_dtypes.bfloat16):
    name = np.dtype(dtype).name
    x, y, m = np.array(VALUES, dtype), np.array(OTHER, dtype), grid.astype(dtype)
    for op, f in UNARY.items():
        unary[op].append(case(name, f, [x], {}))
    for op, f in BINARY.items():
        binary[op].append(case(name, f, [x, y], {}))
    for op, f in REDUCE.items():
        reduce[op].append(case(name, lambda v: f(v, 1), [m], {}))
    matmul.append(case(name, jnp.matmul, [m, m.T], {}, 3))
    softmax.append(case(name, nn.softmax, [m], {}))
    cumsum.append(case(name, lambda v: lax.cumsum(v, axis=0), [m], {}))
    sort.append(case(name, lambda v: jnp.sort(v), [x], {}))
for dtype in (np.int8, np.uint8, np.int16, np.uint16, np.uint32):
    name = np.dtype(dtype).name
    m = (np.arange(12).reshape(3, 4) * 37 % 101).astype(dtype)
    for op, f in REDUCE.items():
        reduce[op].append(case(name, lambda v: f(v, 1), [m], {}))
    cumsum.append(case(name, lambda v: lax.cumsum(v, axis=0), [m], {}))
    sort.append(case(name, lambda v: jnp.sort(v, 0), [m], {}))
    matmul.append(case(name, jnp.matmul, [m, m.T], {}))
write("half.json", {"unary": unary, "binary": binary, "reduce": reduce, "matmul": matmul, "softmax": softmax, "cumsum": cumsum, "sort": sort})
