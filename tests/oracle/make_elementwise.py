"""elementwise.json: every elementwise operation of lax on corner values, per dtype.

Transcendental functions of float32 are JAX's float64 values rounded once, so that the fixture does not carry the
rounding errors of one library; where JAX's own float32 value differs in kind (NaN, infinity), that one stands.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from fixture import array, number, write

INF, NAN = np.inf, np.nan
FLOATS = [0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 1.5, -1.5, 2.5, -2.5, 3, -3, 0.25, 0.75, -0.75, 0.999, -0.999, 1e-3, -1e-3,
          0.3, -0.7, 3.141592653589793, 1.5707963267948966, 5.5, -5.5, 10.25, -10.25, 20.5, -33.3, 88.5, -87.2, 89.5, -104, 127.5,
          1e-10, -1e-10, 1e-30, 12345.678, -12345.678, 1e6, -1e6, 1e10, 1e30, 16777217, INF, -INF, NAN]
WIDE = FLOATS + [709.5, 710.5, -708.25, -746, 1e100, 1e-100, 4503599627370497.5]
PAIRS = [0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, 2.5, -3.7, 1e-5, 1e5, 10.25, INF, -INF, NAN]
INTS = {
    "int32": [0, 1, -1, 2, -2, 3, 7, -7, 31, 32, 33, 100, -100, 65537, 2147483647, -2147483648],
    "uint32": [0, 1, 2, 3, 7, 31, 32, 33, 100, 65537, 2147483647, 2147483648, 4294967295],
    "int8": [0, 1, -1, 2, -2, 3, 7, 8, 9, -7, 100, -100, 127, -128],
    "uint8": [0, 1, 2, 3, 7, 8, 9, 100, 127, 128, 255],
    "int16": [0, 1, -1, 3, 15, 16, 17, -7, 300, -300, 32767, -32768],
    "uint16": [0, 1, 3, 15, 16, 17, 300, 32768, 65535],
    "bool": [False, True],
}
UNARY_IN = {"float32": FLOATS, "float64": WIDE, **INTS}
PAIR_IN = {"float32": PAIRS, "float64": PAIRS, **INTS}

EXACT = {
    "neg": lax.neg, "sign": lax.sign, "floor": lax.floor, "ceil": lax.ceil, "abs": lax.abs, "square": lax.square,
    "round": lax.round, "isFinite": lax.is_finite, "bitwiseNot": lax.bitwise_not, "populationCount": lax.population_count,
    "clz": lax.clz, "sqrt": lax.sqrt,
    "roundEven": lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN),
    "integerPow0": lambda x: lax.integer_pow(x, 0), "integerPow1": lambda x: lax.integer_pow(x, 1), "integerPow2": lambda x: lax.integer_pow(x, 2),
    "integerPow3": lambda x: lax.integer_pow(x, 3), "integerPow5": lambda x: lax.integer_pow(x, 5), "integerPow-1": lambda x: lax.integer_pow(x, -1), "integerPow-2": lambda x: lax.integer_pow(x, -2),
}
ROUNDED = {
    name: getattr(lax, snake) for name, snake in {
        "exp": "exp", "exp2": "exp2", "log": "log", "log1p": "log1p", "expm1": "expm1", "sin": "sin", "cos": "cos", "tan": "tan", "asin": "asin", "acos": "acos",
        "atan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "asinh": "asinh", "acosh": "acosh", "atanh": "atanh", "logistic": "logistic",
        "rsqrt": "rsqrt", "cbrt": "cbrt", "erf": "erf", "erfc": "erfc", "erfInv": "erf_inv", "lgamma": "lgamma", "digamma": "digamma",
    }.items()
}
BINARY = {
    "add": lax.add, "sub": lax.sub, "mul": lax.mul, "div": lax.div, "rem": lax.rem, "max": lax.max, "min": lax.min, "nextafter": lax.nextafter,
    "bitwiseAnd": lax.bitwise_and, "bitwiseOr": lax.bitwise_or, "bitwiseXor": lax.bitwise_xor, "shiftLeft": lax.shift_left,
    "shiftRightLogical": lax.shift_right_logical, "shiftRightArithmetic": lax.shift_right_arithmetic,
    "eq": lax.eq, "ne": lax.ne, "lt": lax.lt, "le": lax.le, "gt": lax.gt, "ge": lax.ge,
}
BINARY_ROUNDED = {"pow": lax.pow, "atan2": lax.atan2}


def of(values, dtype):
    with np.errstate(all="ignore"):
        return np.asarray(values).astype(dtype)


def exact(f, *args):
    with jax.enable_x64(True), np.errstate(all="ignore"):
        try:
            return np.asarray(f(*[jnp.asarray(a) for a in args]))
        except TypeError:
            return None  # the operation does not take this dtype


def rounded(f, *args):
    own = exact(f, *args)
    if own is None or own.dtype != np.float32:
        return own
    with np.errstate(all="ignore"):
        better = exact(f, *[a.astype(np.float64) for a in args]).astype(np.float32)
        tiny = np.finfo(np.float32).tiny
        same = (np.isfinite(own) & np.isfinite(better)) & ((np.abs(own - better) <= 2e-5 * np.abs(better)) | (np.abs(better) < 4 * tiny))
        for a, o, b in zip(np.broadcast_arrays(*args)[0][~same], own[~same], better[~same]):
            if not (np.isnan(o) and np.isnan(b)) and o != b:
                print(f"  float32 differs from float64: {f.__name__}({a}) = {o}, {b}")
    return np.where(np.isfinite(own) & np.isfinite(better), better, own)


def data(x):
    return {"dtype": str(x.dtype), "data": [number(v, str(x.dtype)) for v in x]}


unary, binary = {}, {}
for table, how in ((EXACT, exact), (ROUNDED, rounded)):
    for name, f in table.items():
        results = {d: how(f, of(v, d)) for d, v in UNARY_IN.items()}
        unary[name] = {d: data(r) for d, r in results.items() if r is not None}
pairs = {}
for d, v in PAIR_IN.items():
    x, y = np.meshgrid(of(v, d), of(v, d), indexing="ij")
    pairs[d] = (x.reshape(-1), y.reshape(-1))
for table, how in ((BINARY, exact), (BINARY_ROUNDED, rounded)):
    for name, f in table.items():
        results = {d: how(f, *xy) for d, xy in pairs.items()}
        binary[name] = {d: data(r) for d, r in results.items() if r is not None}

# Conversions between dtypes, and clamps and selections.
CONVERT = {
    "float32": [0, -0.0, 0.5, -0.5, 1.5, -1.5, 2.5, 100.7, -100.7, 200, 300, -200, 40000, 70000, -40000, 65519, 65520, 1e-7, 6e-8, 3e9, -3e9, 5e9, 1e20, 1.0009765, 1.00390625, 1.01171875, INF, -INF, NAN],
    **INTS,
}
CONVERT["float64"] = CONVERT["float32"]
convert = {}
for d, v in CONVERT.items():
    x = of(v, d)
    convert[d] = {"x": data(x), "to": {t: data(exact(lambda a: lax.convert_element_type(a, t), x))
                                         for t in ["float32", "float64", "float16", "bfloat16", *INTS] if t != d}}
low, x, high = [a.reshape(-1) for a in np.meshgrid(*[of([-1, 0.0, 2, NAN], "float32")] * 3, indexing="ij")]
clamp = [array(a) for a in (low, x, high, exact(lax.clamp, low, x, high))]
which = np.array([0, 1, 2, 1], np.int32)
select = [array(a) for a in (which, *(np.arange(4, dtype=np.float32) + 10 * k for k in range(3)))]
select.append(array(exact(lax.select_n, which, *(np.arange(4, dtype=np.float32) + 10 * k for k in range(3)))))

write("elementwise.json", {
    "unaryInputs": {d: data(of(v, d)) for d, v in UNARY_IN.items()},
    "binaryInputs": {d: [data(x), data(y)] for d, (x, y) in pairs.items()},
    "unary": unary, "binary": binary, "convert": convert, "clamp": clamp, "selectN": select,
})
