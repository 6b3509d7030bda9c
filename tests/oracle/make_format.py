"""format.json: how NumPy prints arrays, str(x), under its default print options."""

import numpy as np

from fixture import array, write

F32, F64, I32 = np.float32, np.float64, np.int32
rng = np.random.default_rng(0)

VALUES = [
    ("scalar", F32(1.5)), ("integer-valued scalar", F32(3)), ("third", F32(1 / 3)), ("small scalar", F32(1e-7)), ("large scalar", F32(3e10)), ("million", F32(1e6)), ("1e16", F64(1e16)), ("nan scalar", F32(np.nan)), ("minus infinity", F32(-np.inf)), ("negative zero", F32(-0.0)), ("int scalar", I32(-7)), ("bool scalar", np.bool_(True)),
    ("vector", np.array([1, 2, 3], F32)), ("fractions", np.array([0.1, 0.25, 3], F32)), ("signs", np.array([-1, 2, -3.5], F32)), ("thirds", np.array([1 / 3, 2 / 3, 1], F32)), ("float64 thirds", np.array([1 / 3, 2 / 3, 1], F64)),
    ("wide range", np.array([1e-5, 1, 1000], F32)), ("ratio just below 1000", np.array([0.0011, 1], F32)), ("ratio above 1000", np.array([0.0009, 1], F32)), ("large", np.array([1e8, 1], F32)), ("just small", np.array([0.0001, 0.0002], F32)), ("tiny", np.array([1e-10, 2e-10], F32)), ("huge", np.array([1e30, -2.5e20], F32)), ("huge float64", np.array([1e300, 1e-300], F64)), ("zero and tiny", np.array([0, 1e-6], F32)), ("all zero", np.zeros(3, F32)), ("large exact", np.array([16777216, 123456.0], F32)), ("nan and inf", np.array([np.nan, 1.5, np.inf, -np.inf], F32)), ("only nan", np.array([np.nan, np.nan], F32)), ("nan among integers", np.array([1, np.nan], F32)), ("nan and exponents", np.array([1e-9, np.nan, -np.inf], F32)),
    ("negative zeros", np.array([-0.0, 0.0], F32)), ("half", np.array([0.1, 65504], np.float16)), ("float16 third", np.array([1 / 3], np.float16)),
    ("matrix", np.arange(6, dtype=F32).reshape(2, 3)), ("rank 3", np.arange(12, dtype=F32).reshape(2, 3, 2)), ("rank 4", np.arange(8, dtype=I32).reshape(2, 2, 1, 2)), ("column", np.array([[1], [10], [100]], I32)), ("ints", np.array([-1, 22, 333], I32)), ("bytes", np.array([[1, 200], [30, 4]], np.uint8)), ("only true", np.array([True])), ("column of float64", np.array([[123456789.5], [1]], F64)), ("float64 scalar", F64(123456789.125)), ("float16 scalar", np.float16(1234)), ("bools", np.array([[True, False], [False, False]])),
    ("empty", np.zeros(0, F32)), ("empty matrix", np.zeros((0, 3), F32)), ("empty rows", np.zeros((2, 0), F32)), ("one", np.array([[[5.25]]], F32)),
    ("normal", rng.normal(size=(3, 4)).astype(F32)), ("normal float64", rng.normal(size=(3, 4))), ("long line", rng.normal(size=20).astype(F32)), ("long ints", np.arange(40, dtype=I32)), ("long rows", rng.normal(size=(3, 15)).astype(F32)), ("summarised", np.arange(1001, dtype=F32)), ("not yet summarised", np.arange(1000, dtype=I32)), ("summarised matrix", np.arange(2000, dtype=I32).reshape(40, 50)), ("summarised narrow", np.arange(3000, dtype=I32).reshape(1000, 3)), ("summarised rank 3", np.arange(8 * 9 * 20, dtype=F32).reshape(8, 9, 20)),
    ("loss", np.array([2.302585, 0.0123, 0.98], F32)), ("rounded at 8", np.array([0.123456789, 1], F64)), ("carries when rounded", np.array([0.999999999, 1], F64)), ("eight digits", np.array([1.00000001, 2], F64)), ("exponent rounding", np.array([1.23456789e-7, 9.999999999e12], F64)),
    ("exponent of three digits", np.array([1e100, 1], F64)), ("negative exponents", np.array([-1.5e-7, 2.25e-9], F32)),
]

# Beside an exponent all have as many digits as the longest, and those are the value's own; ties go to the even digit; ratios are rounded in the dtype.
VALUES += [
    ("digits beyond the shortest", np.array([1e-5, 12345.678], F32)), ("the least float32", np.array([1e-45, 0.33333334], F32)), ("digits beyond the shortest in float64", np.array([5e-324, 0.99999999], F64)), ("digits beyond the shortest in half", np.array([[9.31e-3, 1.2e-6], [-0.427, 35.88]], np.float16)),
    ("a tie in half", np.array([178.25, 1e-3], np.float16)), ("ties at the eighth digit", np.array([2.0**-9, 3 * 2.0**-9], F32)), ("a tie beside an exponent", np.array([1.5 + 2.0**-9, 1e6], F64)), ("scalar tie", np.float16(178.25)),
    ("ratio of 1000 in half", np.array([100, 0.1], np.float16)), ("ratio of 1000 in float32", np.array([1000, 1 - 2.0**-24], F32)), ("ratio of 1000 in float64", np.array([1000, 1 - 2.0**-24], F64)),
]
VALUES += [(f"of many sizes, {d} {i}", (rng.normal(size=4) * 10.0 ** rng.integers(-5, 5, size=4)).astype(d)) for d in ("float16", "float32", "float64") for i in range(8)]
VALUES += [(f"of few bits, {d} {i}", (rng.integers(-2000, 2000, size=4) * 2.0 ** rng.integers(-16, 6, size=4)).astype(d)) for d in ("float16", "float32", "float64") for i in range(8)]

write("format.json", {"cases": [{"name": name, "x": array(x), "text": str(x)} for name, x in VALUES]})
