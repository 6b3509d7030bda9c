"""derivatives.json: first and second derivatives of every differentiable elementwise operation, float64, with corners.

`forward` is jvp with tangent 1, `reverse` vjp with cotangent 1, `second` jvp of jvp. Binary operations have them for
each operand in turn. A unary operation is differentiated only where it has a value: JAX's derivatives outside a domain
are what its formulas happen to give. Of a second derivative that JAX calls NaN nothing is said ("any"): its formulas lose
inf - inf and 0 * inf there. lgamma is taken at positive points: JAX's trigamma is wrong at negative ones.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from fixture import number, write

jax.config.update("jax_enable_x64", True)
POINTS = [0.0, 0.3, -0.3, 0.5, -0.5, 0.9, 1.0, -1.0, 1.7, 2.0, -2.0, 3.7, -3.7, 12.5, -12.5, np.inf, -np.inf, np.nan]
UNARY = {
    "neg": lax.neg, "sign": lax.sign, "floor": lax.floor, "ceil": lax.ceil, "round": lax.round, "abs": lax.abs, "square": lax.square, "sqrt": lax.sqrt,
    "rsqrt": lax.rsqrt, "cbrt": lax.cbrt, "exp": lax.exp, "exp2": lax.exp2, "log": lax.log, "log1p": lax.log1p, "expm1": lax.expm1, "sin": lax.sin, "cos": lax.cos, "tan": lax.tan,
    "asin": lax.asin, "acos": lax.acos, "atan": lax.atan, "sinh": lax.sinh, "cosh": lax.cosh, "tanh": lax.tanh, "asinh": lax.asinh, "acosh": lax.acosh, "atanh": lax.atanh,
    "logistic": lax.logistic, "erf": lax.erf, "erfc": lax.erfc, "erfInv": lax.erf_inv, "lgamma": lax.lgamma, "stopGradient": lax.stop_gradient,
    **{f"integerPow{y}": (lambda x, y=y: lax.integer_pow(x, y)) for y in (-2, -1, 0, 1, 2, 3, 5)},
}
ONCE = {"digamma": lax.digamma}  # JAX gives its derivative by polygamma, and no second here
GRID = [0.0, 0.5, 1.0, -1.0, 2.0, -2.5, 3.0]
BINARY = {
    "add": lax.add, "sub": lax.sub, "mul": lax.mul, "div": lax.div, "rem": lax.rem, "pow": lax.pow, "max": lax.max, "min": lax.min, "atan2": lax.atan2,
    "npMaximum": jnp.maximum, "npMod": jnp.mod, "npPower": jnp.power, "npHypot": jnp.hypot, "npLogaddexp": jnp.logaddexp, "npWhereGreater": lambda x, y: jnp.where(x > y, x, y),
}


def data(x):
    return [number(v, "float64") for v in np.asarray(x).reshape(-1)]


def second_data(x):
    return ["any" if v == "NaN" else v for v in data(x)]


def first(f):
    return lambda x: jax.jvp(f, (x,), (jnp.ones_like(x),))[1]


def reverse(f):
    def g(x):
        y, pullback = jax.vjp(f, x)
        return pullback(jnp.ones_like(y))[0]
    return g


unary = {}
for name, f in {**UNARY, **ONCE}.items():
    points = np.array(POINTS)
    if name in ("lgamma", "digamma"):
        points = points[~(points <= 0)]
    x = jnp.asarray(points[~np.isnan(f(jnp.asarray(points))) | np.isnan(points)])
    entry = {"x": data(x), "forward": data(first(f)(x)), "reverse": data(reverse(f)(x))}
    if name not in ONCE:
        entry["second"] = second_data(first(first(f))(x))
    unary[name] = entry

binary = {}
a, b = (jnp.array(v.reshape(-1)) for v in np.meshgrid(GRID, GRID, indexing="ij"))
for name, f in BINARY.items():
    of_x, of_y = lambda u: f(u, b), lambda u: f(a, u)
    mixed = jax.jvp(lambda v: jax.jvp(lambda u: f(u, v), (a,), (jnp.ones_like(a),))[1], (b,), (jnp.ones_like(b),))[1]
    binary[name] = {
        "forward": [data(first(of_x)(a)), data(first(of_y)(b))], "reverse": [data(reverse(of_x)(a)), data(reverse(of_y)(b))],
        "second": [second_data(first(first(of_x))(a)), second_data(first(first(of_y))(b)), second_data(mixed)],
    }

low, mid, high = (jnp.array(v.reshape(-1)) for v in np.meshgrid([-1.0, 1.0], [-2.0, -1.0, 0.5, 1.0, 2.0], [-1.0, 1.0, 2.0], indexing="ij"))
_, pullback = jax.vjp(lax.clamp, low, mid, high)
clamp = {"args": [data(low), data(mid), data(high)], "reverse": [data(g) for g in pullback(jnp.ones_like(mid))],
         "forward": [data(jax.jvp(lax.clamp, (low, mid, high), tuple(jnp.ones_like(t) if i == k else jnp.zeros_like(t) for i, t in enumerate((low, mid, high))))[1]) for k in range(3)]}
# JAX multiplies 0 by inf; the power is 1 for every x there, as its own integer powers say.
assert binary["pow"]["forward"][0][0] == "NaN"
for name in ("pow", "npPower"):
    binary[name]["forward"][0][0] = binary[name]["reverse"][0][0] = "any"
write("derivatives.json", {"grid": [data(a), data(b)], "unary": unary, "binary": binary, "clamp": clamp})
