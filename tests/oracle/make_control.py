"""control.json: scans, their gradients and vmaps, jacobians and hessians. The programs are written again in control.test.ts."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from fixture import case, normal, write

W = normal((3, 3), 1) * np.float32(0.5)
H = normal((3,), 2)
XS = normal((5, 3), 3)


def rnn(w, h, xs, reverse=False):
    def body(h, x):
        h = jnp.tanh(w @ h + x)
        return h, jnp.sum(h * h)
    return lax.scan(body, h, xs, reverse=reverse)


def cumulative(x):
    return lax.scan(lambda c, v: (c + v, c * v), jnp.zeros_like(x[0]), x)


def iterate(x):  # length, no xs; carries of two leaves
    def body(c, _):
        a, b = c
        return (a * 0.5 + jnp.sin(b), a * b), None
    return lax.scan(body, (x, x * 2), None, length=6)[0]


def nested(w, x):  # a scan inside a scan
    def outer(c, _):
        inner = lambda d, v: (jnp.tanh(d * v), d)
        d, ys = lax.scan(inner, c, w)
        return d + 1, jnp.sum(ys)
    return lax.scan(outer, x, None, length=3)


def batched(w, hs, xs):
    return jax.vmap(rnn, in_axes=(None, 0, 1))(w, hs, xs)


def loss(w, h, xs):
    return jnp.sum(rnn(w, h, xs)[1])


PROGRAMS = {
    "rnn": (rnn, [W, H, XS]), "rnnReverse": (lambda *a: rnn(*a, reverse=True), [W, H, XS]), "cumulative": (cumulative, [XS]), "cumulativeEmpty": (lambda x: lax.scan(lambda c, v: (c + v, c * v), jnp.ones((3,), x.dtype), x), [XS[:0]]), "iterate": (iterate, [H]), "nested": (nested, [H, np.float32(0.3)]),
    "vmapScan": (batched, [W, normal((2, 3), 5), normal((5, 2, 3), 6)]), "gradLoss": (lambda w, h, xs: jax.grad(loss, argnums=(0, 1, 2))(w, h, xs), [W, H, XS]), "vmapGrad": (lambda w, hs, xs: jax.vmap(jax.grad(loss), in_axes=(None, 0, None))(w, hs, xs), [W, normal((2, 3), 5), XS]),
    "vmapOfBody": (lambda c, xs: lax.scan(lambda k, x: (k * 0.5, jax.vmap(jnp.sin)(x * k)), c, xs), [np.float32(1.5), XS]),
    "intCarry": (lambda xs: lax.scan(lambda c, x: ((c[0] + 1, c[1] + x * c[0].astype(x.dtype)), c[0]), (jnp.int32(0), jnp.zeros((3,), xs.dtype)), xs), [XS]),
}
scan = [case(name, f, [a.astype(t) if isinstance(a, np.ndarray) or isinstance(a, np.floating) else a for a in args], {"program": name}, 4) for t in (np.float32, np.float64) for name, (f, args) in PROGRAMS.items()]


def vector(x):
    return jnp.stack([x[0] * x[1], jnp.sin(x[2]) * x[0], jnp.exp(-x[1] * x[1])])


def scalar(x):
    return jnp.sum(x**3) + x[0] * jnp.sin(x[1]) * x[2] + jnp.tanh(x @ x)


JACOBIANS = {
    "jacfwd": jax.jacfwd(vector), "jacrev": jax.jacrev(vector), "hessian": jax.hessian(scalar), "grad": jax.grad(scalar), "third": jax.jacfwd(jax.hessian(scalar)), "jacrevJacrev": jax.jacrev(jax.jacrev(scalar)),
    "hessianVectorProduct": lambda x: jax.jvp(jax.grad(scalar), (x,), (jnp.array([1.0, -2.0, 0.5], x.dtype),))[1], "jacfwdScan": lambda x: jax.jacfwd(lambda h: rnn(jnp.asarray(W, h.dtype), h, jnp.asarray(XS, h.dtype))[0])(x), "hessianScan": lambda x: jax.hessian(lambda h: loss(jnp.asarray(W, h.dtype), h, jnp.asarray(XS, h.dtype)))(x),
    "jacrevTree": lambda x: (lambda j: (j["a"], j["b"]))(jax.jacrev(lambda p: jnp.stack([p["a"] * p["b"], p["b"] ** 2]))({"a": x[0], "b": x[1]})), "vmapJvp": lambda x: jax.vmap(lambda t: jax.jvp(scalar, (x,), (t,))[1])(jnp.eye(3, dtype=x.dtype)),
}
jacobians = [case(f"{name} {np.dtype(t).name}", f, [H.astype(t)], {"program": name}) for t in (np.float32, np.float64) for name, f in JACOBIANS.items()]
write("control.json", {"W": {"data": W.reshape(-1).tolist()}, "XS": {"data": XS.reshape(-1).tolist()}, "scan": scan, "jacobians": jacobians})
