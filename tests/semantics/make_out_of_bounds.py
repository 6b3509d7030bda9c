"""out_of_bounds.json: what an index past an end reads and writes, in every mode, with indices up to the limits of their dtype."""

from expressions import *

X = f32(*range(10, 17))
M = np.arange(12, dtype=np.float32).reshape(4, 3)
NI = np.arange(7, dtype=np.int32)
BIG = 2147483647
FAR = i32(0, 6, 7, 8, 100, -1, -7, -8, -100, BIG, BIG - 1, BIG - 6, -BIG - 1, -BIG, 1 << 30, -(1 << 30), 1 << 29, (1 << 29) + 3)
UFAR = np.array([0, 6, 7, 100, 4294967295, 4294967290, 2147483648, 2147483647, 1 << 30], np.uint32)
BYTES, UBYTES, SHORTS = np.array([0, 6, 7, 127, -1, -128], np.int8), np.array([0, 6, 7, 200, 255], np.uint8), np.array([0, 7, 32767, -32768, -1], np.int16)
ALL = {"int32": FAR, "uint32": UFAR, "int8": BYTES, "uint8": UBYTES, "int16": SHORTS}
MODES = ("clip", "fill", "drop", "promise_in_bounds")

read = [case(get(x, y), X, i) for i in ALL.values()] + [case(get(x, y), NI, FAR), case(get(x, y), M, FAR), case(get(x, None, y), X, FAR)]
read += [case(at(x, [y], "get", mode=m), v, FAR) for m in ("clip", "fill") for v in (X, NI, M, np.arange(7).astype(np.uint8), np.arange(7) % 2 == 0)] + [case(at(x, [y], "get", mode=m), X, i) for m in ("clip", "fill") for i in ALL.values()] + [case(at(x, [y], "get", mode="fill", fill_value=-5), X, FAR), case(at(x, [y, z], "get", mode="fill"), M, i32(0, 4, -1, BIG, 1 << 30), i32(0, 0, -3, BIG, 1)), case(at(x, [y, z], "get", mode="clip"), M, i32(0, 4, -1, BIG, 1 << 30), i32(0, 0, -3, BIG, 1))]
read += [case(N.take(x, y, mode=m), X, i) for m in (None, "clip", "fill", "wrap") for i in (FAR, BYTES, SHORTS, UBYTES)] + [case(N.take(x, y), X, UFAR), case(N.take(x, y, axis=0), M, FAR), case(N.take(x, y, axis=1, mode="wrap"), M, FAR), case(N.take(x, y, axis=0, mode="clip"), M, FAR)]
read += [case(N.take_along_axis(x, y, axis=0, mode=m), X, FAR) for m in (None, "clip", "fill")] + [case(N.take_along_axis(x, y, axis=1), M, i32([0, BIG], [-1, -4], [3, 1 << 30], [-BIG - 1, 2]))]
read += [case(NN.one_hot(x, 3), i32(0, 3, -1, BIG, 2)), case(N.choose(x, [y, z], mode="clip"), i32(0, 5, -3, BIG), f32(1, 2, 3, 4), f32(5, 6, 7, 8)), case(N.choose(x, [y, z], mode="wrap"), i32(0, 5, -3, BIG), f32(1, 2, 3, 4), f32(5, 6, 7, 8))]
slices = [case(L.dynamic_slice(x, [y], [3]), X, np.int32(s)) for s in FAR] + [case(L.dynamic_slice(x, [y], [3]), X, np.uint32(s)) for s in UFAR[3:]] + [case(L.dynamic_slice(x, [y], [3]), X, np.int8(s)) for s in (-128, 127, -1)] + [case(L.dynamic_slice(x, [y, z], [2, 2]), M, np.int32(a), np.int32(b)) for a, b in ((BIG, 0), (-BIG - 1, BIG), (1 << 30, 1), (-1, -1))]
slices += [case(L.dynamic_update_slice(x, z, [y]), X, np.int32(s), f32(1, 2, 3)) for s in FAR] + [case(L.dynamic_update_slice(x, z, [y, y]), M, np.int32(s), f32([1, 2])) for s in (BIG, -BIG - 1, 1 << 30, 2)] + [case(L.dynamic_slice_in_dim(x, y, 2), M, np.int32(s)) for s in (BIG, -BIG - 1, -1)] + [case(L.dynamic_index_in_dim(x, y), M, np.int32(s)) for s in (BIG, -BIG - 1, -1, 4)] + [case(L.dynamic_update_index_in_dim(x, z, y, 0), M, np.int32(s), f32(7, 8, 9)) for s in (BIG, -BIG - 1, -1, 4)]
slices += [case(get(x, y), M, np.int32(s)) for s in (BIG, -BIG - 1, -1, 4, -5, 1 << 30)]
U = np.arange(len(FAR)).astype(np.float32) + 1
UNIQUE = FAR[:-2]
write_ = [case(at(x, [y], method, z, mode=m), X, FAR[[0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14, 15]], U[:14]) for method in ("set", "add", "mul", "min", "max") for m in ("drop", "fill", None)] + [case(at(x, [y], method, z, mode="clip"), X, FAR, U) for method in ("add", "min", "max")] + [case(at(x, [y], method, z), NI, FAR, (U * 3).astype(np.int32)) for method in ("add", "max")] + [case(at(x, [y], "add", 1.0), M, FAR), case(at(x, [y, z], "add", 1.0), M, i32(0, 4, -1, BIG, 1 << 30, 3), i32(0, 0, -3, BIG, 1, 3))] + [case(at(x, [y], "add", 1.0), X, i) for i in ALL.values()] + [case(at(x, [y], "add", 1.0, mode="clip"), X, i) for i in ALL.values()]
write_ += [case(at(x, [y], "set", 5.0), X, np.int32(s)) for s in (7, -8, BIG, -BIG - 1, 1 << 30, -1)]
CONSTANTS = (7, -8, 100, BIG, -BIG - 1)
constants = [case(at(x, [i], "get", mode=m), X) for i in CONSTANTS for m in ("clip", "fill")] + [case(at(x, [1, i], "get", mode=m), M) for i in (3, -4) for m in ("clip", "fill")] + [case(at(x, [i], "set", 5.0, mode=m), X) for i in CONSTANTS for m in ("clip", "drop")] + [case(at(x, [i, 1], "add", 5.0, mode=m), M) for i in (4, -5) for m in ("clip", "drop")]
ALL_OF, EVERY_OTHER, BACK = slice(None), slice(None, None, 2), slice(None, None, -1)
plain = [case(get(x, *index), v) for v, indices in ((X, [(i,) for i in CONSTANTS]), (M, [(4,), (-5,), (1, 3), (-5, -4), (9, 9), (9, None), (9, slice(0, 2)), (9, EVERY_OTHER), (9, BACK), (ALL_OF, 7)])) for index in indices]
plain += [case(get(x, 9, y), M, i32(0, 2)), case(get(x, y, -9), M, i32(0, 3, 7)), case(get(x, 9, y), M, np.array([True, False, True]), eager=True)]
plain += [case(at(x, [i], "get"), X) for i in (7, -8)] + [case(at(x, [i], method, 5.0), X) for i in (*CONSTANTS, 6, -7) for method in ("set", "add", "mul", "min", "max")] + [case(at(x, [*index], method, 5.0), M) for index in ((4,), (-5,), (1, 3), (4, slice(0, 2)), (4, EVERY_OTHER), (ALL_OF, 7)) for method in ("set", "add")] + [case(at(x, [9, y], "set", 5.0), M, i32(0, 2)), case(at(x, [y, 9], "set", 5.0), M, i32(0, 2))]
scalars = [case(get(x, y), X, i) for dtype in (np.int32, np.uint32, np.int8, np.uint8) for i in ALL[np.dtype(dtype).name]] + [case(at(x, [y], "get", mode=m), X, np.uint32(4294967295)) for m in ("clip", "fill")] + [case(get(x, y, z), M, np.int32(9), i) for i in (np.int8(-9), i32(0, 9))] + [case(get(x, y, e), M, np.int32(s)) for s in (9, -9) for e in (EVERY_OTHER, BACK, slice(1, 3))]
one_block = [case(get(x, *index), M, np.int32(9), of=("forward", "reverse", "second")) for index in ((9,), (-9,), (9, 1), (9, slice(0, 2)), (9, BACK), (9, EVERY_OTHER), (y,), (y, 1), (y, y), (y, None), (y, slice(0, 2)), (y, BACK), (y, EVERY_OTHER), (ALL_OF, y))] + [case(at(x, [e], "get", mode=m), M, np.int32(9), of=("reverse",)) for e in (9, y) for m in ("clip", "fill", "promise_in_bounds")] + [case(get(x, 9, y), M, i32(0, 2), of=("reverse",)), case(at(x, [9], "set", z), M, i32(0), f32(2), of=("reverse",)), *[case(at(x, [i], "mul", z), M, np.int32(at_), np.float32(2), of=("forward", "reverse")) for i, at_ in ((9, 0), (y, 9), (y, 1))]]
gradients = [case(get(x, y), X, i32(0, 7, -8, BIG, -1), of=("reverse",)), case(at(x, [y], "get", mode="clip"), X, i32(0, 7, -8, BIG), of=("reverse",)), case(at(x, [y], "get", mode="fill"), X, i32(0, 7, -8, BIG), of=("reverse",)), case(N.take(x, y), X, i32(0, 7, BIG), of=("reverse",)), case(at(x, [y], "add", z), X, i32(0, 7, BIG, -9), f32(1, 2, 3, 4), of=("forward", "reverse")), case(at(x, [y], "set", z), X, i32(0, 7, BIG, -9), f32(1, 2, 3, 4), of=("forward", "reverse")), case(L.dynamic_slice(x, [y], [3]), X, np.int32(BIG), of=("forward", "reverse")), case(L.dynamic_update_slice(x, z, [y]), X, np.int32(-BIG), f32(1, 2, 3), of=("forward", "reverse"))]
write("out_of_bounds", {"read": read, "slices": slices, "write": write_, "constants": constants, "plain": plain, "scalars": scalars, "one block": one_block, "gradients": gradients})
