"""programs.json: whole programs at real sizes. Inputs are threefry normals, equal in both libraries but for a bit; of each
result the fixture keeps its shape, the sum of its absolute values and 16 entries spread over it. Written again in programs.test.ts.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax, nn, random

from fixture import number, write

jax.config.update("jax_default_matmul_precision", "highest")


def normal(seed, *shape, scale=1.0):
    return random.normal(random.key(seed), shape) * np.float32(scale)


def mlp_loss(params, x, y):
    for w, b in params[:-1]:
        x = nn.relu(x @ w + b)
    w, b = params[-1]
    return -jnp.mean(jnp.sum(nn.log_softmax(x @ w + b) * y, -1))


def mlp():
    sizes = [50, 70, 33, 10]
    params = [(normal(i, m, n, scale=0.2), normal(i + 10, n, scale=0.1)) for i, (m, n) in enumerate(zip(sizes, sizes[1:]))]
    y = nn.one_hot(random.randint(random.key(31), (37,), 0, 10), 10)
    value, grads = jax.value_and_grad(mlp_loss)(params, normal(30, 37, 50), y)
    return [value, *jax.tree.leaves(grads)]


def max_pool(x):
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def cnn_logits(params, x):
    conv = lambda x, w, b: nn.relu(lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")) + b)
    (w1, b1), (w2, b2), (w3, b3) = params
    x = max_pool(conv(x, w1, b1))
    x = max_pool(conv(x, w2, b2))
    return x.reshape(x.shape[0], -1) @ w3 + b3


def cnn_params():
    return [(normal(0, 3, 3, 1, 8, scale=0.3), normal(1, 8, scale=0.1)), (normal(2, 3, 3, 8, 12, scale=0.1), normal(3, 12, scale=0.1)), (normal(4, 300, 10, scale=0.05), normal(5, 10, scale=0.1))]


def cnn_loss(params, x, y):
    return -jnp.mean(jnp.sum(nn.log_softmax(cnn_logits(params, x)) * y, -1))


def cnn():
    y = nn.one_hot(random.randint(random.key(31), (5,), 0, 10), 10)
    value, grads = jax.value_and_grad(cnn_loss)(cnn_params(), normal(30, 5, 28, 28, 1), y)
    return [value, *jax.tree.leaves(grads)]


def cnn_training():
    """Losses of eight Adam steps."""
    params, optimizer = cnn_params(), optax.adam(1e-2)
    state, losses = optimizer.init(params), []
    y = nn.one_hot(random.randint(random.key(31), (8,), 0, 10), 10)
    x = normal(30, 8, 28, 28, 1)
    step = jax.jit(lambda p, s: (lambda v, g: (v, *optimizer.update(g, s, p)))(*jax.value_and_grad(cnn_loss)(p, x, y)))
    for _ in range(8):
        value, updates, state = step(params, state)
        params = optax.apply_updates(params, updates)
        losses.append(value)
    return [jnp.stack(losses)]


def layer_norm(x, g, b):
    mean = jnp.mean(x, -1, keepdims=True)
    var = jnp.mean((x - mean) ** 2, -1, keepdims=True)
    return (x - mean) * lax.rsqrt(var + 1e-5) * g + b


def attention(x, wq, wk, wv, g, b):
    heads = lambda v: v.reshape(*v.shape[:2], 3, 8)
    x = layer_norm(x, g, b)
    q, k, v = heads(x @ wq), heads(x @ wk), heads(x @ wv)
    scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) / np.float32(np.sqrt(8))
    mask = jnp.tril(jnp.ones((x.shape[1], x.shape[1]), bool))
    weights = nn.softmax(jnp.where(mask, scores, -1e9))
    return jnp.einsum("bhqk,bkhd->bqhd", weights, v).reshape(*x.shape[:2], 24)


def attention_grad():
    args = [normal(0, 2, 19, 24), *(normal(i, 24, 24, scale=0.2) for i in (1, 2, 3)), 1 + normal(4, 24, scale=0.1), normal(5, 24, scale=0.1)]
    loss = lambda *a: jnp.sum(nn.gelu(attention(*a)) ** 2)
    value, grads = jax.value_and_grad(loss, argnums=tuple(range(6)))(*args)
    return [attention(*args), value, *grads]


def lstm(w, u, b, xs):
    def cell(carry, x):
        h, c = carry
        i, f, g, o = jnp.split(x @ w + h @ u + b, 4, -1)
        c = nn.sigmoid(f + 1) * c + nn.sigmoid(i) * jnp.tanh(g)
        h = nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h
    zero = jnp.zeros((xs.shape[1], u.shape[0]))
    return lax.scan(cell, (zero, zero), xs)[1]


def lstm_grad():
    args = [normal(0, 6, 80, scale=0.3), normal(1, 20, 80, scale=0.3), normal(2, 80, scale=0.1), normal(3, 50, 7, 6)]
    value, grads = jax.value_and_grad(lambda *a: jnp.sum(lstm(*a) ** 2), argnums=(0, 1, 2, 3))(*args)
    return [lstm(*args), value, *grads]


def hessian_of_mlp():
    w, x = normal(0, 5, 7, scale=0.5), normal(1, 11, 5)
    h = jax.hessian(lambda w: jnp.mean(jnp.tanh(x @ w) ** 3))(w)
    return [h]


def per_example_gradients():
    w, x = normal(0, 20, 6, scale=0.4), normal(1, 33, 20)
    return [jax.vmap(jax.grad(lambda w, x: nn.logsumexp(jnp.sin(x @ w))), in_axes=(None, 0))(w, x)]


def mixture():  # reductions, sorts, gathers and cumulative sums of one large array
    x = normal(0, 101, 257)
    i = jnp.argsort(x[:, 0])
    y = jnp.cumsum(x[i], 0)
    return [y, jnp.sort(y, 1), nn.logsumexp(y, 1), jnp.argmax(y, 0), jnp.var(x, 0), jnp.prod(1 + 0.01 * x, 1), lax.cummax(x, 1), jnp.take_along_axis(x, jnp.argsort(x, 1), 1), lax.top_k(x, 5)[0]]


def embedding():
    table, ids = normal(0, 300, 16), random.randint(random.key(1), (40, 9), 0, 300)
    loss = lambda t: jnp.sum(jnp.tanh(jnp.sum(jnp.take(t, ids, 0), 1)) ** 2)
    return [*jax.value_and_grad(loss)(table)]


def matrices():
    out = []
    for m, k, n in ((1, 1, 1), (4, 8, 16), (5, 7, 9), (31, 65, 33), (64, 64, 64), (100, 1, 100), (1, 300, 1), (129, 257, 67), (3, 1000, 5)):
        out.append(normal(m, m, k) @ normal(n, k, n))
        out.append(normal(m, k, m).T @ normal(n, n, k).T)
    return out


def convolutions():
    out = []
    for x, w, options in (((3, 17, 19, 5), (3, 3, 5, 33), dict(padding="SAME")), ((2, 32, 32, 16), (5, 5, 16, 8), dict(window_strides=(2, 2), padding="VALID")), ((4, 9, 9, 32), (1, 1, 32, 64), dict(padding="VALID")), ((2, 14, 14, 12), (3, 3, 1, 24), dict(padding="SAME", feature_group_count=12)), ((1, 40, 40, 1), (7, 7, 1, 3), dict(padding="SAME", rhs_dilation=(2, 2)))):
        options = {"window_strides": (1, 1), **options}
        f = lambda a, b: lax.conv_general_dilated(a, b, dimension_numbers=("NHWC", "HWIO", "NHWC"), **options)
        y, pullback = jax.vjp(f, normal(0, *x), normal(1, *w))
        out += [y, *pullback(normal(2, *y.shape))]
    return out


def sums():
    return [jnp.sum(normal(n, n)) for n in (1, 3, 17, 1000, 4097, 100003)] + [jnp.sum(normal(7, 300, 1001), 0), jnp.sum(normal(7, 300, 1001), 1), jnp.mean(normal(8, 7, 11, 13, 17), (0, 2)), jnp.max(normal(8, 7, 11, 13, 17), (1, 3))]


def summary(x):
    x = np.asarray(x)
    flat = x.reshape(-1).astype(np.float64)
    probes = np.linspace(0, flat.size - 1, min(16, flat.size)).astype(int)
    dtype = str(x.dtype)
    return {"dtype": dtype, "shape": list(x.shape), "sum": float(np.abs(flat).sum()), "largest": float(np.abs(flat).max()), "at": probes.tolist(), "probes": [number(v, dtype) for v in x.reshape(-1)[probes]]}


PROGRAMS = {"mlp": mlp, "cnn": cnn, "cnnTraining": cnn_training, "attention": attention_grad, "lstm": lstm_grad, "hessian": hessian_of_mlp, "perExampleGradients": per_example_gradients, "mixture": mixture, "embedding": embedding, "matrices": matrices, "convolutions": convolutions, "sums": sums}
write("programs.json", {"programs": {name: [summary(x) for x in f()] for name, f in PROGRAMS.items()}})
