"""singular.json: derivatives where a formula would divide zero by zero, or take the logarithm of zero."""

from expressions import *

ALL, TWICE = ("forward", "reverse"), ("forward", "reverse", "second")
POW_X = f32(0, 0, 0, 0, 0, 2, -2, 1, 0, -1)
POW_Y = f32(1, 2, 3, 0.5, 1.5, 0, 2, 0, 4, 3)

power = [case(f(x, y), POW_X, POW_Y, of=("forward", "reverse"), name="of both,") for f in (N.power, L.pow)]
# The second derivative of x^1 at 0 is NaN in JAX, by 0 * inf, and 0 here: left out.
power += [case(N.power(x, y), POW_X[1:], POW_Y[1:], of=TWICE, wrt=[0], name="of the base,")]
power += [case(N.power(x, y), f32(0, 0, 2), i32(0, 1, 0), of=ALL, name="int32 exponents,"), case(N.power(x, y), f32(0, 0, 0, -2, 2), i32(0, 2, 3, 3, -1), of=TWICE)]
power += [case(N.power(x, e), f32(0, -0.0, 1, -2), of=TWICE) for e in (0, 1, 2, 3)] + [case(N.power(x, e), f32(0, 1, 4), of=ALL) for e in (0.5, 1.5, 2.5)] + [case(N.power(x, e), f32(0, 1, -2), of=ALL) for e in (-1, -2)]
power += [case(L.integer_pow(x, e), f32(0, 1, -2), of=TWICE) for e in (0, 1, 2, 3)] + [case(N.power(e, x), f32(0, 1, 2, -1), of=ALL) for e in (0.0, 1.0, 2.0)] + [case(N.power(e, x), f32(1, 2), of=ALL) for e in (0.0,)] + [case(N.square(x), f32(0, 2), of=TWICE), case(N.float_power(x, 2), f32(0, 2), of=ALL)]

PRODS = f32(2, 3, 4), f32(2, 0, 4), f32(0, 3, 0), f32(0, 0, 0), f32(5), f32(-1, 2, 0, 3, 4)
GRID = f32([1, 2, 0], [0, 3, 0], [4, 5, 6])
prod = [case(N.prod(x), v, of=TWICE) for v in PRODS] + [case(N.prod(x, axis=a), GRID, of=TWICE) for a in (0, 1, None)] + [case(N.prod(x), np.array([0.0, 2, 3]), of=TWICE), case(N.nanprod(x), f32(0, 2, NAN), of=ALL)]
prod += [case(f(x), v, of=TWICE) for f in (N.cumprod, L.cumprod) for v in PRODS[:4]] + [case(L.cumprod(x, axis=0, reverse=True), f32(2, 0, 4), of=TWICE), case(N.cumprod(x, axis=1), GRID, of=TWICE)]
prod += [case(L.reduce_window(x, 1.0, fn("mul"), [2], [1], "VALID"), v) for v in PRODS[:3]]

roots = [case(N.sqrt(x), f32(0, 1, 4), of=ALL), case(N.cbrt(x), f32(0, 8), of=ALL), case(L.rsqrt(x), f32(0, 4), of=ALL), case(N.hypot(x, y), f32(0, 3), f32(0, 4), of=ALL), case(N.sqrt(N.sum(N.square(x))), f32(0, 0), of=ALL, name="the norm at 0,"), case(N.sqrt(N.sum(N.square(x))), f32(3, 4), of=TWICE), case(N.std(x), f32(2, 2, 2), of=ALL), case(N.var(x), f32(2, 2, 2), of=TWICE), case(N.std(x), f32(1, 2, 3), of=ALL),
         case(N.arctan2(x, y), f32(0, 0, 1, -1, 0), f32(0, 1, 0, 0, -1), of=ALL), case(N.divide(x, y), f32(0, 1, 0), f32(0, 0, 2), of=ALL), case(N.reciprocal(x), f32(0, 2), of=ALL), case(N.log(x), f32(0, 1), of=ALL), case(N.log1p(x), f32(-1, 0), of=ALL), case(N.arcsin(x), f32(-1, 0, 1), of=ALL), case(N.arccos(x), f32(-1, 0, 1), of=ALL), case(N.arctanh(x), f32(-1, 0, 1), of=ALL), case(N.arccosh(x), f32(1, 2), of=ALL), case(N.arcsinh(x), f32(0), of=ALL), case(N.tan(x), f32(0), of=TWICE), case(N.sinc(x), f32(0, 0.5), of=TWICE), case(L.erf_inv(x), f32(-1, 0, 1), of=ALL), case(N.abs(x), f32(0), of=TWICE), case(N.multiply(x, N.log(x)), f32(0, 1), of=ALL, name="x log x at 0,"), case(N.exp(N.divide(-1, N.square(x))), f32(0, 1), of=ALL), case(N.tanh(x), f32(0, 20, -20), of=ALL)]
safe = [case(N.where(N.greater(x, 0), N.sqrt(x), 0.0), f32(0, 1, -1), of=ALL, name="unsafe:"), case(N.where(N.greater(x, 0), N.sqrt(N.where(N.greater(x, 0), x, 1.0)), 0.0), f32(0, 1, -1), of=ALL, name="safe:"), case(N.where(N.equal(x, 0), 1.0, N.divide(N.sin(x), x)), f32(0, 1), of=ALL, name="unsafe:"), case(N.where(N.equal(x, 0), 1.0, N.divide(N.sin(x), N.where(N.equal(x, 0), 1.0, x))), f32(0, 1), of=ALL, name="safe:"), case(N.where(N.isfinite(x), N.log(x), x), f32(0, 1, INF), of=ALL, name="unsafe:"), case(N.maximum(N.sqrt(x), 0), f32(0, 4), of=ALL), case(N.multiply(N.where(N.greater(x, 0), 1.0, 0.0), N.log(x)), f32(0, 1), of=ALL), case(L.select(N.greater(x, 0), N.log(x), x), f32(0, 1), of=ALL)]
write("singular", {"power": power, "prod": prod, "roots": roots, "safe": safe})
