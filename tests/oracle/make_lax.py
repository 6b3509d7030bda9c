"""lax.json: what each function of jax.lax takes and refuses: dtypes, ranks and shapes of its operands, and the result.

A call is `{f, args, options, out}`: `"float32[2,3]"` is an array of the numbers 1 2 3 4 5 1 2 … (of truth values by turns),
other arguments stand as they are. `out` is null where JAX refuses. Plain numbers beside arrays are left out: JavaScript
cannot tell 2 from 2.0, so they take the dtype of their company here, where JAX asks for the right kind.
"""

import re

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from fixture import arrays, write

DTYPES = "float32 float64 float16 bfloat16 int8 int16 int32 uint8 uint16 uint32 bool".split()
SPEC = re.compile(r"^(\w+)\[([\d,]*)\]$")


def value(a):
    if isinstance(a, list):
        return [value(v) for v in a]
    found = SPEC.match(a) if isinstance(a, str) else None
    if found is None:
        return getattr(lax, snake(a[4:])) if isinstance(a, str) and a.startswith("lax.") else a
    shape = tuple(int(d) for d in found[2].split(",") if d)
    return jnp.asarray((np.arange(np.prod(shape, dtype=int)) % 5 + 1).reshape(shape) % (2 if found[1] == "bool" else 9), found[1])


def snake(name):
    return re.sub(r"([A-Z])", lambda m: "_" + m[1].lower(), name)


def mentions(a, dtype):
    return dtype in a if isinstance(a, str) else any(mentions(v, dtype) for v in a) if isinstance(a, list) else False


NUMBERS = {"gather": lax.GatherDimensionNumbers, "scatter": lax.ScatterDimensionNumbers}


def call(name, args, options=None):
    f = getattr(lax, snake(name))
    given = {snake(k): v for k, v in (options or {}).items()}
    for family, numbers in NUMBERS.items():
        if name.startswith(family):
            given["dimension_numbers"] = numbers(**{snake(k): tuple(v) for k, v in given["dimension_numbers"].items()})
    if name == "dotGeneral":
        d = given["dimension_numbers"]
        given["dimension_numbers"] = (d["contracting"], d["batch"])
    with jax.enable_x64(mentions(args, "float64")):
        values = [value(a) for a in args]
        if name == "pad":
            values[2] = [tuple(p) for p in values[2]]
        try:
            out = arrays(f(*values, **given))
        except (TypeError, ValueError, AssertionError, OverflowError):
            out = None
    return {"f": name, "args": args, **({"options": options} if options else {}), "out": out}


UNARY = "abs acos acosh asin asinh atan atanh bitwiseNot cbrt ceil clz cos cosh digamma erf erfInv erfc exp exp2 expm1 floor isFinite lgamma log log1p logistic neg populationCount reciprocal round rsqrt sign sin sinh sqrt square tan tanh".split()
BINARY = "add atan2 bitwiseAnd bitwiseOr bitwiseXor div eq ge gt le lt max min mul ne nextafter pow rem shiftLeft shiftRightArithmetic shiftRightLogical sub".split()
INTEGRAL = "bitwiseAnd bitwiseOr bitwiseXor shiftLeft shiftRightArithmetic shiftRightLogical".split()
SHAPES = [("[2,3]", "[2,3]"), ("[2,3]", "[]"), ("[]", "[2,3]"), ("[2,3]", "[1,3]"), ("[2,1]", "[1,3]"), ("[2,3]", "[3]"), ("[3]", "[2,3]"), ("[2,3]", "[2,4]"), ("[2,3]", "[1]"), ("[0,3]", "[1,3]"), ("[2,0]", "[2,1]"), ("[2,0]", "[2,3]"), ("[2,3]", "[1,2,3]")]
PAIRS = [(a, b) for a, b in [("float32", "int32"), ("int32", "float32"), ("float32", "float16"), ("float16", "bfloat16"), ("float32", "float64"), ("int8", "int32"), ("int32", "uint32"), ("uint8", "int8"), ("bool", "int32"), ("bool", "float32"), ("float32", "uint8")]]

unary = [call(f, [f"{d}[2]"]) for f in UNARY for d in DTYPES] + [call("integerPow", [f"{d}[2]", y]) for d in DTYPES for y in (-1, 0, 2)]
binary = [call(f, [f"{d}[2]", f"{d}[2]"]) for f in BINARY for d in DTYPES]
binary += [call(f, [f"{a}[2]", f"{b}[2]"]) for f in BINARY for a, b in PAIRS]
binary += [call(f, [f"{d}{a}", f"{d}{b}"]) for f in BINARY for d in ["int32" if f in INTEGRAL else "float32"] for a, b in SHAPES]

S = "float32[2,3]"
choice = [call("select", [w, a, b]) for w in ("bool[2,3]", "bool[]", "bool[1,3]", "bool[3]", "int32[2,3]", "uint8[2,3]", "uint32[]", "float32[2,3]") for a, b in ((S, S), (S, "int32[2,3]"), (S, "float32[]"), ("float32[]", "float32[]"), (S, "float32[1,3]"), (S, "float32[3]"), ("bool[2,3]", "bool[2,3]"))]
choice += [call("selectN", [w, *[c] * n]) for w in ("bool[2,3]", "int32[2,3]", "int32[]", "uint8[2,3]", "uint32[2,3]", "float32[2,3]") for n in (1, 2, 3) for c in (S,)]
choice += [call("selectN", ["int32[2]", "float32[2]", "int32[2]"]), call("selectN", ["bool[2]", "float32[2]", "float16[2]"])]
choice += [call("clamp", [f"{d}[2]"] * 3) for d in DTYPES]
choice += [call("clamp", c) for c in (["float32[]", S, "float32[]"], [S, S, "float32[]"], ["float32[1,3]", S, "float32[1,3]"], ["float32[3]", S, S], [S, "float32[]", S], ["int32[]", S, "float32[]"], ["float32[]", "int32[2]", "float32[]"], ["float16[]", S, "float16[]"])]

D = "dynamicUpdateSlice"
structure = [call("concatenate", [[a, b], 0]) for a, b in ((S, S), (S, "int32[2,3]"), ("float32[2]", "float16[2]"), (S, "float32[3]"), (S, "float32[1,3]"), (S, "float32[2,2]"), ("bool[2]", "int32[2]"), ("float32[]", "float32[]"), ("uint8[0]", "uint8[2]"))]
structure += [call("pad", [a, p, [[1, 0, 1]]]) for a, p in (("float32[2]", "float32[]"), ("float32[2]", "int32[]"), ("float32[2]", "float16[]"), ("int32[2]", "float32[]"), ("float32[2]", "float32[1]"), ("bool[2]", "bool[]"), ("bool[2]", "int32[]"), ("float64[2]", "float32[]"))]
structure += [call(D, [a, u, s]) for a, u, s in (("float32[4]", "float32[2]", [1]), ("float32[4]", "int32[2]", [1]), ("int32[4]", "float32[2]", [1]), ("float32[4]", "float16[2]", [1]), ("float32[4,4]", "float32[2]", [0, 0]), ("float32[4]", "float32[]", [0]), ("float32[4]", "float32[5]", [0]), ("bool[4]", "bool[2]", [0]), ("float32[4,4]", "float32[1,2]", ["int32[]", "int32[]"]), ("float32[4,4]", "float32[1,2]", ["int32[]", "uint8[]"]), ("float32[4]", "float32[2]", ["float32[]"]), ("float32[4]", "float32[2]", ["bool[]"]), ("float32[4]", "float32[2]", ["int32[1]"]), ("float32[4,4]", "float32[1,2]", "int32[2]"))]
structure += [call("dynamicSlice", ["float32[4,4]", s, [2, 2]]) for s in (["int32[]", "int32[]"], ["uint8[]", "uint8[]"], ["int32[]", "uint8[]"], ["int8[]", "uint32[]"], ["int32[]"], ["float32[]", "float32[]"], ["bool[]", "bool[]"], ["int32[1]", "int32[]"], "int32[2]", "uint8[2]", "float32[2]")]
structure += [call("dynamicUpdateSliceInDim", ["float32[4,3]", u, 1, 0]) for u in ("float32[2,3]", "int32[2,3]", "float32[2]", "float32[5,3]")]
structure += [call("dynamicUpdateIndexInDim", [a, u, 1, 0]) for a, u in (("float32[4,3]", "float32[3]"), ("float32[4,3]", "float32[1,3]"), ("float32[4,3]", "int32[3]"), ("float32[4]", "float32[]"), ("float32[4,3]", "float32[]"))]
structure += [call("sort", [[a, b]]) for a, b in ((S, S), (S, "int32[2,3]"), (S, "float32[3]"), (S, "float32[]"), ("bool[2]", "float16[2]"))]
structure += [call("sort", [f"{d}[3]"]) for d in DTYPES] + [call("sort", ["float32[]"]), call("sort", [S], {"dimension": 0, "isStable": False}), call("sort", [[S, S]], {"numKeys": 0}), call("sort", [[S, S]], {"numKeys": 2}), call("sort", [[S, S]], {"numKeys": 3})]
structure += [call("topK", [f"{d}[3]", 2]) for d in DTYPES] + [call("topK", [S, 1], {"axis": 0}), call("topK", [S, 2], {"axis": -1}), call("topK", [S, 2], {"axis": 2}), call("topK", ["float32[]", 1]), call("topK", [S, 4])]
structure += [call("iota", [d, 3]) for d in DTYPES]

axes = [call(f, [f"{d}[2,3]", [0]]) for f in "reduceSum reduceProd reduceMax reduceMin reduceAnd reduceOr reduceXor".split() for d in DTYPES]
axes += [call(f, [f"{d}[2,3]", 0]) for f in "cumsum cumprod cummax cummin".split() for d in DTYPES] + [call("cumlogsumexp", [f"{d}[2,3]", 0]) for d in DTYPES]
axes += [call(f, [f"{d}[2,3]", 0, "int32"]) for f in ("argmax", "argmin") for d in DTYPES] + [call("argmax", [S, 0, d]) for d in ("uint8", "float32")] + [call("argmin", ["float32[0,3]", 0, "int32"])]
axes += [call("reduce", [a, i, f, [0]]) for a, i in ((S, "float32[]"), (S, "int32[]"), (S, "float16[]"), ("int32[2,3]", "float32[]"), (S, "float32[1]"), ("bool[2,3]", "bool[]")) for f in ("lax.add", "lax.max", "lax.bitwiseOr")]
axes += [call("reduce", [a, i, "lax.add", [0]]) for a, i in ((S, 0), (S, 0.5), ("int32[2,3]", 0.0), ("int32[2,3]", 2.5))]
axes += [call("reduceWindow", [a, i, f, [2], [1], "VALID"]) for a, i in (("float32[4]", "float32[]"), ("float32[4]", "int32[]"), ("float16[4]", "float32[]"), ("float32[4]", "float32[1]"), ("int32[4]", "float32[]")) for f in ("lax.add", "lax.max")]
axes += [call("reduceWindow", [a, i, "lax.add", [2], [1], "VALID"]) for a, i in (("float32[4]", 0), ("int32[4]", 2.5))]

# Axes from the end: where jax.lax takes them, and where it does not.
U = "float32[2,3,4]"
negative = [call(f, [U, [-1]]) for f in "reduceSum reduceProd reduceMax reduceMin rev expandDims".split()] + [call(f, ["bool[2,3]", [-1]]) for f in ("reduceAnd", "reduceOr")] + [call("reduceXor", ["int32[2,3]", [-1]])]
negative += [call(f, [U, -1]) for f in "cumsum cumprod cummax cummin cumlogsumexp".split()] + [call(f, [U, -1, "int32"]) for f in ("argmax", "argmin")]
negative += [call("reduce", [U, "float32[]", "lax.add", d]) for d in ([-1], [0, -1], [0, 0])] + [call("concatenate", [[S, S], d]) for d in (-1, -2, 2)] + [call("transpose", [U, p]) for p in ([0, -1, 1], [-1, -2, -3], [0, 1], [0, 0, 1])]
negative += [call("broadcastedIota", ["int32", [2, 3], d]) for d in (-1, 1, 2)] + [call("broadcastInDim", ["float32[4]", [2, 4], [d]]) for d in (-1, 1)] + [call("reshape", [U, [24], d]) for d in ([-1, 0, 1], [2, 0, 1])] + [call("reshape", [U, [-1]])]
negative += [call("rev", [U, [0, 0]]), call("reduceSum", [U, [0, 0]]), call("reduceSum", [U, [2, 0]]), call("reduceSum", [U, [3]]), call("reduceSum", [U, []]), call("expandDims", [U, [-5, 4]]), call("expandDims", [U, [0, 0]])]
negative += [call("squeeze", ["float32[1,3]", [d]]) for d in (-2, -1, 0)] + [call("sort", [U], {"dimension": d}) for d in (-3, 3)] + [call("sortKeyVal", [U, U, -2]), call("sliceInDim", [U, 0, 1, 1, -1]), call("indexInDim", [U, 0, -1]), call("dynamicSliceInDim", [U, 0, 1, -1]), call("dynamicIndexInDim", [U, 0, -1]), call("dynamicUpdateSliceInDim", [U, "float32[2,3,1]", 0, -1]), call("dynamicUpdateIndexInDim", [U, "float32[2,3]", 0, -1])]
negative += [call("dotGeneral", [S, S], {"dimensionNumbers": {"contracting": [[-1], [-1]], "batch": [[], []]}}), call("dotGeneral", [U, U], {"dimensionNumbers": {"contracting": [[2], [2]], "batch": [[-3], [-3]]}})]
negative += [call("gather", [S, "int32[2,1]"], {"dimensionNumbers": {"offsetDims": [o], "collapsedSliceDims": [c], "startIndexMap": [i]}, "sliceSizes": [1, 3]}) for o, c, i in ((1, 0, 0), (-1, 0, 0), (1, -2, 0), (1, 0, -2))]
negative += [call("scatterAdd", [S, "int32[2,1]", S], {"dimensionNumbers": {"updateWindowDims": [u], "insertedWindowDims": [i], "scatterDimsToOperandDims": [o]}}) for u, i, o in ((1, 0, 0), (-1, 0, 0), (1, -2, 0), (1, 0, -2))]

NUMERIC = [d for d in DTYPES if d != "float64"]
products = [call("dot", [f"{a}[2,3]", f"{b}[3]"]) for a in DTYPES for b in DTYPES if (a == "float64") == (b == "float64") or "float32" in (a, b)]
products += [call("dot", [a, b]) for a, b in (("float32[3]", "float32[3]"), (S, "float32[3,2]"), (S, "float32[2]"), (S, "float32[]"), ("float32[2,2,3]", "float32[3]"))]
MATRICES = {"contracting": [[1], [0]], "batch": [[], []]}
products += [call("dotGeneral", [f"{a}[2,3]", f"{b}[3,2]"], {"dimensionNumbers": MATRICES, **({"preferredElementType": p} if p else {})}) for a, b, p in (("float32", "float32", None), ("float32", "int32", None), ("bool", "bool", None), ("bool", "float16", None), ("int8", "int8", "int32"), ("int32", "int32", "float32"), ("float16", "float16", "float32"), ("bool", "bool", "int32"))]
products += [call("batchMatmul", [a, b]) for a, b in (("float32[2,2,3]", "float32[2,3,1]"), ("float32[2,3]", "float32[3,2]"), ("float32[2,2,3]", "float32[3,1]"), ("float32[1,2,3]", "float32[2,3,1]"), ("float32[2,2,3]", "int32[2,3,1]"), ("float32[3]", "float32[3]"))]
products += [call("conv", [f"{a}[1,1,4]", f"{b}[1,1,2]", [1], "VALID"]) for a, b in [(d, d) for d in NUMERIC if d != "bool"] + [("float32", "int32"), ("float32", "float16"), ("int8", "int32"), ("uint8", "int8")]]
products += [call("conv", ["float32[1,1,4]", "float32[1,1,2,1]", [1], "VALID"])]

GATHER = {"offsetDims": [], "collapsedSliceDims": [0], "startIndexMap": [0]}
SCATTER = {"updateWindowDims": [], "insertedWindowDims": [0], "scatterDimsToOperandDims": [0]}
indexed = [call("gather", ["float32[4]", f"{d}[2,1]"], {"dimensionNumbers": GATHER, "sliceSizes": [1]}) for d in DTYPES]
indexed += [call(f, [f"{a}[4]", f"{i}[2,1]", f"{u}{s}"], {"dimensionNumbers": SCATTER}) for f in "scatter scatterAdd scatterMul scatterMin scatterMax".split() for a, i, u, s in (("float32", "int32", "float32", "[2]"), ("float32", "int32", "int32", "[2]"), ("float32", "int32", "float16", "[2]"), ("int32", "int32", "float32", "[2]"), ("float32", "uint8", "float32", "[2]"), ("float32", "float32", "float32", "[2]"), ("float32", "int32", "float32", "[]"), ("float32", "int32", "float32", "[3]"), ("bool", "int32", "bool", "[2]"), ("uint8", "int32", "uint8", "[2]"))]

write("lax.json", {"unary": unary, "binary": binary, "choice": choice, "structure": structure, "axes": axes, "negative": negative, "products": products, "indexed": indexed})
