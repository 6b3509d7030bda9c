"""jaxprs.json: how JAX prints the jaxprs of little programs. A reference for notation; no test needs identity."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from fixture import write

X, M, S = np.zeros(3, np.float32), np.zeros((3, 4), np.float32), np.float32(0)
PROGRAMS = {
    "sin": (jnp.sin, [X]), "sin of cos": (lambda x: jnp.sin(jnp.cos(x)), [X]), "grad of sin": (jax.grad(jnp.sin), [S]), "grad of grad of sin": (jax.grad(jax.grad(jnp.sin)), [S]), "jvp of sin": (lambda x, t: jax.jvp(jnp.sin, (x,), (t,)), [X, X]),
    "literals": (lambda x: 2 * x + 1, [X]), "weak type": (lambda x: x * 2, [1.0]), "two results": (lambda x, y: (x + y, y), [X, X]), "no equations": (lambda x: x, [X]), "constant": (lambda x: x + jnp.arange(3.0), [X]), "dot": (lambda a, b: a.T @ b, [M, M]), "tanh layer": (lambda x, w, b: jnp.tanh(x @ w + b), [np.zeros((2, 3), np.float32), M, np.zeros(4, np.float32)]),
    "reduce": (lambda x: jnp.sum(x, 1), [M]), "logsumexp": (lambda x: jax.nn.logsumexp(x), [X]), "jit": (lambda x: jax.jit(lambda y: jnp.sin(y) * 2)(x), [X]), "grad of jit": (jax.grad(jax.jit(jnp.sin)), [S]), "scan": (lambda c, xs: lax.scan(lambda c, x: (c + x, c * x), c, xs), [S, X]), "vmap": (jax.vmap(jnp.dot), [M, M]),
    "where": (lambda x: jnp.where(x > 0, x, 0.0), [X]), "integer pow": (lambda x: x**3, [X]), "convert": (lambda x: x.astype(jnp.int32), [X]), "gather": (lambda x, i: x[i], [X, np.zeros(2, np.int32)]), "slice": (lambda x: x[1:], [X]), "random": (lambda k: jax.random.bits(k, (2,)), [jax.random.key(0)]),
}
text = {name: str(jax.make_jaxpr(f)(*args)) for name, (f, args) in PROGRAMS.items()}
write("jaxprs.json", {"text": text})
