"""contraction.json: dotGeneral, einsum, tensordot, matmul and dot, values and gradients."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from fixture import case, normal, write

F64 = np.float64


def n(*shape, seed=1, dtype=np.float32):
    return normal(shape, seed + sum(shape), dtype)


def i(*shape):
    return (normal(shape, 3 + sum(shape)) * 5).astype(np.int32)


def grads(x):
    return 2 if np.issubdtype(x.dtype, np.floating) else None


DOT = [  # lhs, rhs, contracting, batch
    (n(3, 4), n(4, 5), ((1,), (0,)), ((), ())), (n(4, 3), n(4, 5), ((0,), (0,)), ((), ())), (n(3, 4), n(5, 4), ((1,), (1,)), ((), ())), (n(4, 3), n(5, 4), ((0,), (1,)), ((), ())),
    (n(4), n(4, seed=2), ((0,), (0,)), ((), ())), (n(3), n(4), ((), ()), ((), ())), (n(2, 3, 4), n(2, 4, 5), ((2,), (1,)), ((0,), (0,))), (n(3, 2, 4), n(4, 5, 2), ((2,), (0,)), ((1,), (2,))),
    (n(2, 3, 4), n(4, 3, 5), ((1, 2), (1, 0)), ((), ())), (n(2, 3, 4, 5), n(5, 2, 4, 6), ((2, 3), (2, 0)), ((0,), (1,))), (n(2, 3, 4), n(2, 3, 4, seed=2), ((2,), (2,)), ((0, 1), (0, 1))),
    (n(2, 3), n(2, 3, seed=2), ((), ()), ((0, 1), (0, 1))), (n(3, 0), n(0, 2), ((1,), (0,)), ((), ())), (n(0, 3), n(3, 2), ((1,), (0,)), ((), ())), (n(17, 33), n(33, 19), ((1,), (0,)), ((), ())), (n(1, 64), n(64, 1), ((1,), (0,)), ((), ())),
    (i(3, 4), i(4, 5), ((1,), (0,)), ((), ())), (n(3, 4, dtype=F64), n(4, 5, dtype=F64), ((1,), (0,)), ((), ())), (n(2, 3, 4, dtype=F64), n(4, 5, 2, dtype=F64), ((2,), (0,)), ((0,), (2,))),
]
dot_general = [case(f"{list(a.shape)} {list(b.shape)} {c} {d} {a.dtype}", lambda u, v: lax.dot_general(u, v, (c, d), precision="highest"), [a, b], {"contracting": [list(t) for t in c], "batch": [list(t) for t in d]}, grads(a)) for a, b, c, d in DOT]
EINSUM = [
    ("ij,jk->ik", n(3, 4), n(4, 5)), ("ij,jk", n(3, 4), n(4, 5)), ("ij->ji", n(3, 4)), ("ii", n(3, 3)), ("ii->i", n(3, 3)), ("ij->", n(3, 4)), ("ij->j", n(3, 4)), ("i,j->ij", n(3), n(4)), ("bij,bjk->bik", n(2, 3, 4), n(2, 4, 5)), ("bij,bkj->bik", n(2, 3, 4), n(2, 5, 4)),
    ("ij,ij->", n(3, 4), n(3, 4, seed=2)), ("ij,ij->i", n(3, 4), n(3, 4, seed=2)), ("bqhd,bkhd->bhqk", n(2, 3, 2, 4), n(2, 5, 2, 4)), ("bhqk,bkhd->bqhd", n(2, 2, 3, 5), n(2, 5, 2, 4)), ("...ij,...jk->...ik", n(2, 3, 4), n(2, 4, 5)), ("...ij,jk->...ik", n(2, 3, 4), n(4, 5)),
    ("ij,jk,kl->il", n(3, 4), n(4, 5), n(5, 2)), ("i,i,i->", n(4), n(4, seed=2), n(4, seed=3)), ("ijk,jil->kl", n(3, 4, 5), n(4, 3, 2)), ("ij,k->kij", n(2, 3), n(4)), ("i...->...", n(3, 4)), ("ijj->i", n(2, 3, 3)), ("a,ab->b", n(3), n(3, 4)), ("ba,bc->", n(3, 4), n(3, 5)), ("ij,jk->ik", n(3, 4, dtype=F64), n(4, 5, dtype=F64)),
]
einsum = [case(f"{s} {xs[0].dtype}", lambda *v: jnp.einsum(s, *v, precision="highest"), list(xs), {"subscripts": s}, 2) for s, *xs in EINSUM]
TENSORDOT = [(n(3, 4), n(4, 5), 1), (n(2, 3, 4), n(3, 4, 5), 2), (n(2, 3, 4), n(4, 3, 5), [[1, 2], [1, 0]]), (n(3), n(4), 0), (n(3, 4), n(3, 5), [0, 0]), (n(2, 3, 4), n(5, 4, 2), [[-1, 0], [1, 2]])]
tensordot = [case(f"{list(a.shape)} {list(b.shape)} {axes}", lambda u, v: jnp.tensordot(u, v, axes, precision="highest"), [a, b], {"axes": axes}, 2) for a, b, axes in TENSORDOT]
MATMUL = [(n(3, 4), n(4, 5)), (n(4), n(4, 5)), (n(3, 4), n(4)), (n(4), n(4, seed=2)), (n(2, 3, 4), n(4, 5)), (n(3, 4), n(2, 4, 5)), (n(2, 3, 4), n(2, 4, 5)), (n(2, 1, 3, 4), n(6, 4, 5)), (n(4), n(2, 4, 5)), (n(2, 3, 4), n(4)), (n(1, 3, 4), n(2, 4, 5)), (i(2, 3), n(3, 2)), (n(2, 3, 4, dtype=F64), n(4, 5, dtype=F64))]
matmul = [case(f"{list(a.shape)} {list(b.shape)} {a.dtype}", lambda u, v: jnp.matmul(u, v, precision="highest"), [a, b], {}, 2) for a, b in MATMUL]
dot = [case(f"{list(a.shape)} {list(b.shape)}", lambda u, v: jnp.dot(u, v, precision="highest"), [a, b], {}, 2) for a, b in [(n(3, 4), n(4, 5)), (n(4), n(4, seed=2)), (n(2, 3, 4), n(5, 4, 2)), (n(), n(3, 4)), (n(3, 4), n(4))]]
vdot = [case(f"{list(a.shape)}", lambda u, v: jnp.vdot(u, v, precision="highest"), [a, b], {}, 2) for a, b in [(n(4), n(4, seed=2)), (n(2, 3), n(2, 3, seed=4))]]
write("contraction.json", {"dotGeneral": dot_general, "einsum": einsum, "tensordot": tensordot, "matmul": matmul, "dot": dot, "vdot": vdot})
