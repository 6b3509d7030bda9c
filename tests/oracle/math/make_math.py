"""Writes math.json: arguments and values of the elementary and special functions to more digits than float64 has.

    python3.11 -m venv .venv && .venv/bin/pip install mpmath==1.4.1
    .venv/bin/python make_math.py

Values are sums of two doubles, high + low, from 60 to 400 digits of mpmath.
"""

import json
import math
import pathlib
import random
import struct

import mpmath
from mpmath import mp, mpf

random.seed(20)


def uniform(low, high, count):
    return [random.uniform(low, high) for _ in range(count)]


def spread(low, high, count, signs=(-1, 1)):
    """Evenly in the logarithm, with random signs."""
    return [random.choice(signs) * math.exp(random.uniform(math.log(low), math.log(high))) for _ in range(count)]


def near_one(count):
    return [1 - value for value in spread(1e-15, 0.5, count, [1])]


def any_bits(count, positive=False):
    values = []
    while len(values) < count:
        value = struct.unpack("<d", struct.pack("<Q", random.getrandbits(64)))[0]
        if math.isfinite(value):
            values.append(abs(value) if positive else value)
    return values


def angles():
    return uniform(-7, 7, 40) + uniform(-1e6, 1e6, 30) + any_bits(40) + [float(k * mpmath.pi / 2) for k in range(1, 31)] + [2.0**k for k in range(18, 1023, 67)]


def erf_inverse(x):
    y = mpmath.erfinv(x)
    for _ in range(2):
        y -= (mpmath.erf(y) - x) * mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(y * y)
    return y


def log_gamma(x):
    return mpmath.log(abs(mpmath.gamma(x))) if x < 1e5 else mpmath.loggamma(x)


FUNCTIONS = {
    "exp": (mpmath.exp, uniform(-20, 20, 60) + uniform(-745, 709.7, 60) + spread(1e-300, 1, 20)),
    "exp2": (lambda x: mpmath.power(2, x), uniform(-20, 20, 60) + uniform(-1074, 1023.9, 60) + spread(1e-300, 1, 20)),
    "expm1": (mpmath.expm1, uniform(-2, 2, 60) + uniform(-50, 50, 40) + uniform(-1, 709.7, 30) + spread(1e-308, 1, 20)),
    "log": (mpmath.log, uniform(0.5, 2, 60) + any_bits(40, True) + uniform(0.99, 1.01, 30) + spread(5e-324, 1e-308, 10, [1])),
    "log1p": (mpmath.log1p, uniform(-0.9, 2, 60) + spread(1e-308, 1e300, 40, [1]) + spread(1e-300, 1, 20, [-1]) + uniform(-0.5, 0.5, 30)),
    "log2": (lambda x: mpmath.log(x) / mpmath.log(2), uniform(0.5, 2, 60) + any_bits(40, True) + uniform(0.99, 1.01, 30)),
    "sin": (mpmath.sin, angles()),
    "cos": (mpmath.cos, angles()),
    "tan": (mpmath.tan, angles()),
    "asin": (mpmath.asin, uniform(-1, 1, 80) + spread(1e-300, 1, 20) + near_one(40)),
    "acos": (mpmath.acos, uniform(-1, 1, 80) + spread(1e-300, 1, 20) + near_one(40)),
    "atan": (mpmath.atan, uniform(-4, 4, 90) + spread(1e-300, 1e300, 40)),
    "sinh": (mpmath.sinh, uniform(-3, 3, 80) + uniform(-710.4, 710.4, 40) + spread(1e-300, 1, 20)),
    "cosh": (mpmath.cosh, uniform(-3, 3, 80) + uniform(-710.4, 710.4, 40) + spread(1e-300, 1, 20)),
    "tanh": (mpmath.tanh, uniform(-3, 3, 100) + uniform(-25, 25, 30) + spread(1e-308, 1, 20)),
    "asinh": (mpmath.asinh, uniform(-3, 3, 90) + spread(1e-300, 1e308, 50)),
    "acosh": (mpmath.acosh, uniform(1, 3, 80) + spread(1, 1e308, 40, [1]) + [1 + value for value in spread(1e-15, 1, 40, [1])]),
    "atanh": (mpmath.atanh, uniform(-1, 1, 80) + spread(1e-300, 1, 20) + near_one(40)),
    "logistic": (lambda x: 1 / (1 + mpmath.exp(-x)), uniform(-5, 5, 70) + uniform(-745, 745, 40) + uniform(-40, 40, 40)),
    "erf": (mpmath.erf, uniform(-3, 3, 90) + uniform(-7, 7, 30) + spread(1e-300, 1, 30)),
    "erfc": (mpmath.erfc, uniform(-3, 3, 80) + uniform(-7, 27.2, 60) + spread(1e-300, 1, 20)),
    "erfInv": (erf_inverse, uniform(-1, 1, 90) + spread(1e-300, 1, 30) + near_one(40)),
    "lgamma": (log_gamma, uniform(0, 3, 80) + uniform(0, 12, 40) + spread(1e-300, 1e300, 40, [1]) + [1 + v for v in spread(1e-12, 0.1, 20)] + [2 + v for v in spread(1e-12, 0.1, 20)]),
    "digamma": (lambda x: mpmath.psi(0, x), uniform(0, 3, 60) + uniform(0, 12, 40) + spread(1e-300, 1e300, 40, [1])),
    "cbrt": (lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), uniform(-10, 10, 60) + any_bits(60) + spread(1e-323, 1e-300, 20)),
    "rsqrt": (lambda x: 1 / mpmath.sqrt(x), any_bits(60, True)),
}


def single(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


SINGLE = {
    "erf": (mpmath.erf, uniform(-4.2, 4.2, 300) + spread(1e-44, 1, 60)),
    "erfc": (mpmath.erfc, uniform(-4, 10.3, 300) + spread(1e-40, 1, 40)),
    "erfInv": (erf_inverse, uniform(-1, 1, 300) + spread(1e-40, 1, 60) + [1 - v for v in spread(6e-8, 0.5, 100, [1])]),
    "lgamma": (log_gamma, uniform(0, 4, 200) + uniform(0, 12, 80) + spread(1e-40, 3e38, 80, [1])),
    "digamma": (lambda x: mpmath.psi(0, x), uniform(0, 4, 200) + spread(1e-37, 3e38, 80, [1])),
}


def table(functions, rounded, pair):
    out = {}
    for name, (function, arguments) in functions.items():
        rows = []
        for x in map(rounded, arguments):
            if x == 0 or (name == "erfInv" and abs(x) == 1):
                continue
            mp.dps = 400 if name in ("sin", "cos", "tan") and abs(x) > 1e15 else 60
            value = function(mpf(x))
            high = float(value)
            rows.append([x, high, float(value - mpf(high)) if math.isfinite(high) else 0.0] if pair else [x, high])
        out[name] = rows
    return out


def lines(functions):
    return ",\n".join(f'    "{name}": [\n      ' + ",\n      ".join(json.dumps(row) for row in rows) + "\n    ]" for name, rows in functions.items())


here = pathlib.Path(__file__).parent
doubles, singles = table(FUNCTIONS, float, True), table(SINGLE, single, False)
(here / "math.json").write_text(
    f'{{\n  "source": "mpmath {mpmath.__version__}",\n  "float64": {{\n{lines(doubles)}\n  }},\n  "float32": {{\n{lines(singles)}\n  }}\n}}\n'
)
