"""integers.json: integer arithmetic where C would be undefined: nothing traps, everything has JAX's value."""

from expressions import *

RANGE = {d: np.iinfo(d) for d in ("int8", "int16", "int32", "uint8", "uint16", "uint32")}


def edges(d):
    lo, hi = RANGE[d].min, RANGE[d].max
    v = [0, 1, 2, 7, hi, hi - 1, hi // 2 + 1]
    return np.array(v + ([lo, lo + 1, -1, -2, -7] if lo < 0 else [hi - 6, 200 % (hi + 1)]), d)


def grid(d, other=None):
    a = edges(d)
    p, q = np.meshgrid(a, a if other is None else np.array(other, d), indexing="ij")
    return p.reshape(-1), q.reshape(-1)


division = [case(f(x, y), *grid(d), name=d) for d in RANGE for f in (L.div, L.rem, N.floor_divide, N.mod, N.fmod)] + [case(N.divmod(x, y), *grid("int32"))]
division += [case(f(x, 0), edges(d)) for d in ("int32", "uint8") for f in (N.floor_divide, N.mod)] + [case(f(x, -1), edges("int32")) for f in (N.floor_divide, N.mod)] + [case(f(x, 0), edges("int32")) for f in (L.div, L.rem)] + [case(N.divide(x, y), *grid("int32"))] + [case(f(x, y), i32(1, -1, 0), i32(0)) for f in (L.div, L.rem)]
powers = [case(N.power(x, y), *grid(d, [0, 1, 2, 3, 5, 31, 40, 100]), name=d) for d in RANGE] + [case(N.power(x, y), i32(0, 1, -1, 2, -2, 7), i32(-1, -1, -1, -1, -2, -3))] + [case(L.integer_pow(x, e), edges(d)) for d in RANGE for e in (0, 1, 2, 3, 31, 40)] + [case(N.square(x), edges(d)) for d in RANGE] + [case(N.power(x, e), edges("int32")) for e in (0, 2, 13)] + [case(L.pow(x, y), f32(2, -2, 0, -0.0, INF, 0, NAN), i32(-3, 3, 0, -1, 0, 2, 0))]
shifts = [case(f(x, y), *grid(d, [0, 1, 7, 8, 15, 16, 31, 32, 33, 63, 64, 127] if RANGE[d].min == 0 or d != "int8" else [0, 1, 7, 8, 9, 31, 32, 64, 127]), name=d) for d in RANGE for f in (L.shift_left, L.shift_right_logical, L.shift_right_arithmetic)] + [case(f(x, y), *grid("int32", [-1, -32, -2147483648])) for f in (L.shift_left, L.shift_right_logical, L.shift_right_arithmetic)] + [case(f(x, y), *grid(d, [0, 3, 31, 32, 100])) for d in ("int32", "uint8", "uint32") for f in (N.left_shift, N.right_shift)] + [case(f(x, 40), edges("int32")) for f in (N.left_shift, N.right_shift)]
wraps = [case(f(x, y), *grid(d), name=d) for d in RANGE for f in (N.add, N.subtract, N.multiply, N.maximum, N.minimum)] + [case(f(x), edges(d)) for d in RANGE for f in (N.negative, N.abs, N.sign, L.population_count, L.clz, N.invert, L.neg, N.sum, N.prod, N.cumsum, N.cumprod, N.max, N.min, N.argmax, N.sort, N.mean)] + [case(N.clip(x, 1, 5), edges(d)) for d in RANGE] + [case(N.dot(x, y), *grid("int8")), case(N.matmul(x, y), i32([2147483647, 2]), i32([2], [1])), case(N.add(x, 1), i32(2147483647)), case(N.multiply(x, 2), i32(2147483647)), case(N.ptp(x), np.array([-128, 127], np.int8)), case(N.average(x), i32(2147483647, 2147483647)), case(N.mean(x), i32(2147483647, 2147483647)), case(N.diff(x), np.array([0, 255, 1], np.uint8)), case(N.equal(x, y), *grid("uint32")), case(N.less(x, y), *grid("uint32")), case(L.reduce_window(x, 0, fn("add"), [2], [1], "VALID"), i32(2147483647, 1, 5)), case(L.integer_pow(x, 2), np.array([16, 15], np.uint8))]
FLOATS = [0.0, -0.0, 0.9, -0.9, 1.5, -1.5, 127.0, 127.9, 128.0, -128.9, -129.0, 255.5, 256.0, 32768.0, -32769.0, 65536.0, 2147483520.0, 2147483648.0, -2147483648.0, -2147483904.0, 4294967040.0, 4294967296.0, 1e20, -1e20, 3e38, INF, -INF, NAN]
conversions = [case(L.convert_element_type(x, d), np.array(FLOATS, f), name=f) for f in ("float32", "float64") for d in (*RANGE, "bool")] + [case(L.convert_element_type(x, d), np.array(FLOATS[:16] + [INF, -INF, NAN], np.float16)) for d in RANGE] + [case(L.convert_element_type(x, d), jnp.array(FLOATS, jnp.bfloat16)) for d in RANGE]
conversions += [case(L.convert_element_type(x, d), edges(s)) for s in RANGE for d in (*RANGE, "float32", "float16", "bool") if s != d] + [case(L.bitcast_convert_type(x, d), edges(s)) for s, d in (("int32", "uint32"), ("uint32", "int32"), ("int8", "uint8"), ("int32", "float32"), ("uint16", "int16"))] + [case(L.convert_element_type(x, "int32"), np.array([True, False]))]
write("integers", {"division": division, "powers": powers, "shifts": shifts, "wraps": wraps, "conversions": conversions})
