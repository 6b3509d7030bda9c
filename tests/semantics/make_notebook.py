"""notebook.json: what ported notebooks met: options of reductions, truth values in products, whole numbers in linspace, bits."""

from expressions import *

M = f32([0.5, -1.5, 2.25, 0], [3, -2, 0.25, -0.5])
GAPS = f32([NAN, NAN, NAN], [2, NAN, -1], [1, 2, 4])
WHOLE = i32([3, -1, 4, 1], [-5, 9, 2, -6])
TRUTH = np.array([[True, False, True], [False, False, True]])
ROW = np.array([True, True, False])

spread = [case(f(x, axis=a, ddof=d), M) for f in (N.var, N.std, N.nanvar, N.nanstd) for d in (0, 1, 2, 4, 9) for a in (None, 1)]
spread += [case(f(x, axis=1, ddof=d), GAPS) for f in (N.nanvar, N.nanstd) for d in (0, 1, 3)]
where = [case(f(x, axis=a, keepdims=k, where=N.greater(x, 0)), m) for f in (N.any, N.all, N.mean, N.var, N.std) for a, k in ((None, False), (1, True), (0, False)) for m in (M, WHOLE)]
where += [case(f(x, axis=1, where=N.greater(x, 0), ddof=1), M) for f in (N.var, N.std)] + [case(N.var(x, axis=0, where=y), M, np.array([[True], [False]])), case(N.all(x, axis=0, where=y), TRUTH, ROW), case(N.any(x, axis=1, where=y), TRUTH, ROW)]
positions = [case(f(x, axis=1), GAPS) for f in (N.nanargmax, N.nanargmin)] + [case(f(x), GAPS[:1]) for f in (N.nanargmax, N.nanargmin)] + [case(N.nanargmax(x, axis=0, keepdims=True), GAPS)]
truth = [case(N.einsum("ij,j->i", x, y), TRUTH, ROW), case(N.einsum("ij,kj->ik", x, x), TRUTH), case(N.inner(x, y), TRUTH, ROW), case(N.tensordot(x, y, 1), TRUTH, ROW), case(N.vdot(x, x), ROW), case(N.vecdot(x, y), TRUTH, ROW), case(N.matmul(x, y), TRUTH, ROW), case(N.dot(x, y), TRUTH, ROW)]
whole = [case(N.linspace(a, b, n, dtype="int32")) for a, b, n in ((-3, 5, 4), (0, 10, 5), (-1, 1, 4), (5, -5, 4))] + [case(N.linspace(x, y, 4, dtype="int32"), f32(-3), f32(5))]
bits = [case(N.bitwise_count(x), v) for v in (i32(0, 1, -1, -7, 2**31 - 1, -(2**31)), np.array([0, 255, 7], np.uint8), np.array([-128, -1, 127], np.int8), np.array([2**32 - 1, 5], np.uint32))]

write("notebook", {"spread": spread, "where": where, "positions": positions, "truth": truth, "whole": whole, "bits": bits})
