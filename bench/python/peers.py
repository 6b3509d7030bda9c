"""The rows of the bench on PyTorch or JAX: `python3 peers.py torch|jax`. Commands come as lines of JSON, so that the bench can
take turns between libraries; runs are timed here, where no pipe is between them."""
import json
import sys
import time

import numpy as np

LIBRARY = sys.argv[1]
BIG = 4 * 2**20


def numbers(n, seed):
    """The same pseudo-random numbers as the other libraries get: a linear congruence, all steps of it at once."""
    a, c = np.uint32(1664525), np.uint32(1013904223)
    powers = np.cumprod(np.full(n, a, np.uint32), dtype=np.uint32)
    sums = np.cumsum(np.concatenate([np.ones(1, np.uint32), powers[:-1]]), dtype=np.uint32)
    start = np.uint32((seed * 2654435761 + 12345) % 2**32)
    return ((powers * start + sums * c).astype(np.float64) / 2**32 - 0.5).astype(np.float32)


def array(shape, seed):
    return numbers(int(np.prod(shape)), seed).reshape(shape)


LABELS = np.arange(128) % 10

# Parameters of the networks in training, each a tenth of the numbers of seed 3.
CNN = ((3, 3, 1, 32), (32,), (3, 3, 32, 64), (64,), (3, 3, 64, 64), (64,), (576, 64), (64,), (64, 10), (10,))
LSTM = ((28, 512), (128, 512), (512,), (128, 10), (10,))


def integers(seed):
    return np.floor(256 * numbers(2**20, seed)).astype(np.int8).reshape(1024, 1024)


def doubles(seed):
    return array((1024, 1024), seed).astype(np.float64)


def first_losses(run, loss):
    """The losses of the first three steps, for the result; later ones are not kept, nor waited for."""
    losses = []

    def run_and_keep():
        run()
        if len(losses) < 3:
            losses.append(float(loss()))

    def result():
        while len(losses) < 3:
            run_and_keep()
        return losses

    return run_and_keep, result


def jax_rows():
    import jax
    import jax.numpy as jnp
    from jax import lax

    def row(f, *args, repeat_state=False):
        jitted = jax.jit(f)
        args = [jax.tree.map(jnp.asarray, a) for a in args]
        state = {"out": None, "args": args}

        def run():
            out = jitted(*state["args"])
            jax.block_until_ready(out)
            if repeat_state:
                state["args"] = [out, *state["args"][1:]]
            state["out"] = out

        return run, lambda: state["out"]

    def conv(x, w):
        return lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    def conv_all(x, w, ct):
        y, pullback = jax.vjp(conv, x, w)
        return [y, *pullback(ct)]

    def layer_norm(x):
        centred = x - jnp.mean(x, -1, keepdims=True)
        return centred / jnp.sqrt(jnp.mean(jnp.square(centred), -1, keepdims=True) + 1e-5)

    def cross_entropy(logits, labels):
        return -jnp.mean(jnp.sum(jax.nn.log_softmax(logits) * jax.nn.one_hot(labels, 10), -1))

    def mlp_step(params, x):
        def loss(ps):
            h = x
            for i, (w, b) in enumerate(ps):
                h = h @ w + b
                h = jax.nn.relu(h) if i < 2 else h
            return cross_entropy(h, LABELS)

        return [(w - 0.01 * dw, b - 0.01 * db) for (w, b), (dw, db) in zip(params, jax.grad(loss)(params))]

    def adam(loss):
        def step(state, x):
            params, m, v, t, _ = state
            value, g = jax.value_and_grad(loss)(params, x)
            t = t + 1
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
            v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
            params = jax.tree.map(lambda p, m, v: p - 1e-3 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), params, m, v)
            return params, m, v, t, value

        return step

    def cnn_loss(p, x):
        def layer(h, w, b):
            return jax.nn.relu(lax.conv_general_dilated(h, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")) + b)

        def pool(h):
            return lax.reduce_window(h, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

        h = pool(layer(x, p[0], p[1]))
        h = pool(layer(h, p[2], p[3]))
        h = layer(h, p[4], p[5]).reshape(x.shape[0], -1)
        return cross_entropy(jax.nn.relu(h @ p[6] + p[7]) @ p[8] + p[9], LABELS[:64])

    def lstm_loss(p, x):
        w, u, b, wo, bo = p

        def cell(carry, xt):
            h, c = carry
            i, f, g, o = jnp.split(xt @ w + h @ u + b, 4, -1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        zero = jnp.zeros((x.shape[0], 128))
        (h, _), _ = lax.scan(cell, (zero, zero), jnp.swapaxes(x, 0, 1))
        return cross_entropy(h @ wo + bo, LABELS[:64])

    def zeros(params):
        return [np.zeros_like(p) for p in params]

    def trained(loss, shapes, x):
        params = [0.1 * array(s, 3) for s in shapes]

        def make():
            run, out = row(adam(loss), (params, zeros(params), zeros(params), np.float32(0), np.float32(0)), x, repeat_state=True)
            return first_losses(run, lambda: out()[4])

        return make

    def with_doubles(f, *args):
        """Types of 64 bits are off in JAX unless asked for; other rows are to keep that."""

        def make():
            with jax.enable_x64(True):
                run, out = row(f, *args)

            def run_with():
                with jax.enable_x64(True):
                    run()

            return run_with, out

        return make

    def eager():
        x = jnp.asarray(numbers(4, 1))
        state = {}

        def run():
            state["out"] = x * 2

        return run, lambda: state["out"]

    rows = {f"matmul {n}": lambda n=n: row(jnp.matmul, array((n, n), 1), array((n, n), 2)) for n in (64, 256, 1024)}
    rows.update({
        "matmul 1024, float64": with_doubles(jnp.matmul, doubles(1), doubles(2)),
        "matmul 1024, int8 to int32": lambda: row(lambda a, b: jnp.matmul(a, b, preferred_element_type=jnp.int32), integers(1), integers(2)),
        "matrix 4096 x 4096 times vector": lambda: row(jnp.matmul, array((4096, 4096), 1), numbers(4096, 2)),
        "tanh(exp(x)), 4M": lambda: row(lambda x: jnp.tanh(jnp.exp(x)), numbers(BIG, 1)),
        "a*b+c, 4M": lambda: row(lambda a, b, c: a * b + c, numbers(BIG, 1), numbers(BIG, 2), numbers(BIG, 3)),
        "sum 4M": lambda: row(jnp.sum, numbers(BIG, 1)),
        "sum 64M": lambda: row(jnp.sum, numbers(16 * BIG, 1)),
        "conv 32x32x32x3 k3 to 64": lambda: row(conv, array((32, 32, 32, 3), 1), array((3, 3, 3, 64), 2)),
        "conv 32x32x32x64 k3 to 64": lambda: row(conv, array((32, 32, 32, 64), 1), array((3, 3, 64, 64), 2)),
        "conv 32x32x32x64 k3 to 64, forward and both gradients": lambda: row(conv_all, array((32, 32, 32, 64), 1), array((3, 3, 64, 64), 2), array((32, 32, 32, 64), 3)),
        "softmax of 4096 rows of 1000": lambda: row(lambda x: jax.nn.softmax(x, -1), array((4096, 1000), 1)),
        "layer norm of 4096 rows of 1000": lambda: row(layer_norm, array((4096, 1000), 1)),
        "call of a jitted tiny function": lambda: row(lambda x: x * 2 + 1, numbers(4, 1)),
        "one eager op on a tiny array": eager,
        "MNIST CNN, batch 64, Adam step": trained(cnn_loss, CNN, array((64, 28, 28, 1), 1)),
        "LSTM(28 to 128), T 28, batch 64, Adam step": trained(lstm_loss, LSTM, array((64, 28, 28), 1)),
    })

    def mlp():
        sizes = [784, 512, 512, 10]
        params = [(0.1 * array((sizes[i], sizes[i + 1]), 5 + i), np.zeros(sizes[i + 1], np.float32)) for i in range(3)]
        run, out = row(mlp_step, params, array((128, 784), 1))
        return run, lambda: [b for _, b in out()]

    rows["MLP 784-512-512-10, batch 128, SGD step"] = mlp
    return f"JAX {jax.__version__}", rows, np.asarray


def torch_rows():
    import torch
    import torch.nn.functional as F

    def row(f, *args):
        args = [torch.from_numpy(a) for a in args]
        state = {}

        def run():
            with torch.no_grad():
                state["out"] = f(*args)

        return run, lambda: state["out"]

    def image(shape, seed):
        return np.ascontiguousarray(array(shape, seed).transpose(0, 3, 1, 2))

    def kernel(shape, seed):
        return np.ascontiguousarray(array(shape, seed).transpose(3, 2, 0, 1))

    def conv(channels):
        run, out = row(lambda x, w: F.conv2d(x, w, padding=1), image((32, 32, 32, channels), 1), kernel((3, 3, channels, 64), 2))
        return run, lambda: out().permute(0, 2, 3, 1)

    def conv_all():
        x, w, ct = (torch.from_numpy(a) for a in (image((32, 32, 32, 64), 1), kernel((3, 3, 64, 64), 2), image((32, 32, 32, 64), 3)))
        x.requires_grad_()
        w.requires_grad_()
        state = {}

        def run():
            y = F.conv2d(x, w, padding=1)
            state["out"] = [y.detach(), *torch.autograd.grad(y, [x, w], ct)]

        def out():
            y, dx, dw = state["out"]
            return [y.permute(0, 2, 3, 1), dx.permute(0, 2, 3, 1), dw.permute(2, 3, 1, 0)]

        return run, out

    labels = torch.from_numpy(LABELS)

    def mlp():
        sizes = [784, 512, 512, 10]
        params = [torch.from_numpy(a).requires_grad_() for i in range(3) for a in (0.1 * array((sizes[i], sizes[i + 1]), 5 + i), np.zeros(sizes[i + 1], np.float32))]
        x = torch.from_numpy(array((128, 784), 1))
        state = {}

        def run():
            h = x
            for i in range(3):
                h = h @ params[2 * i] + params[2 * i + 1]
                h = torch.relu(h) if i < 2 else h
            grads = torch.autograd.grad(F.cross_entropy(h, labels), params)
            with torch.no_grad():
                state["out"] = [p - 0.01 * g for p, g in zip(params, grads)]

        return run, lambda: state["out"][1::2]

    def trained(network, params, x):
        """`params` in the network's order; what has none of them stays zero, and is not trained."""
        named = dict(network.named_parameters())
        with torch.no_grad():
            for name, p in named.items():
                p.copy_(torch.from_numpy(np.ascontiguousarray(params[name])) if name in params else torch.zeros_like(p))
                p.requires_grad_(name in params)
        optimizer = torch.optim.Adam([p for p in named.values() if p.requires_grad], 1e-3)
        state = {}

        def run():
            optimizer.zero_grad()
            state["loss"] = F.cross_entropy(network(x), labels[:64])
            state["loss"].backward()
            optimizer.step()

        return first_losses(run, lambda: state["loss"].item())

    class Recurrent(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = torch.nn.LSTM(28, 128, batch_first=True)
            self.dense = torch.nn.Linear(128, 10)

        def forward(self, x):
            return self.dense(self.lstm(x)[0][:, -1])

    def lstm():
        w, u, b, wo, bo = (0.1 * array(s, 3) for s in LSTM)
        params = {"lstm.weight_ih_l0": w.T, "lstm.weight_hh_l0": u.T, "lstm.bias_ih_l0": b, "dense.weight": wo.T, "dense.bias": bo}
        return trained(Recurrent(), params, torch.from_numpy(array((64, 28, 28), 1)))

    def cnn():
        nn = torch.nn
        network = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten(), nn.Linear(576, 64), nn.ReLU(), nn.Linear(64, 10))
        c1, b1, c2, b2, c3, b3, w4, b4, w5, b5 = (0.1 * array(s, 3) for s in CNN)
        oihw = [c.transpose(3, 2, 0, 1) for c in (c1, c2, c3)]
        # Channels come first where its images are made flat, and last in the weights for them.
        flat = w4.reshape(3, 3, 64, 64).transpose(3, 2, 0, 1).reshape(64, 576)
        weights = {0: (oihw[0], b1), 3: (oihw[1], b2), 6: (oihw[2], b3), 9: (flat, b4), 11: (w5.T, b5)}
        params = {f"{i}.{name}": p for i, pair in weights.items() for name, p in zip(("weight", "bias"), pair)}
        return trained(network, params, torch.from_numpy(image((64, 28, 28, 1), 1)))

    def layer_norm(x):
        return F.layer_norm(x, (1000,), eps=1e-5)

    rows = {f"matmul {n}": lambda n=n: row(torch.matmul, array((n, n), 1), array((n, n), 2)) for n in (64, 256, 1024)}
    rows.update({
        "matmul 1024, float64": lambda: row(torch.matmul, doubles(1), doubles(2)),
        "matrix 4096 x 4096 times vector": lambda: row(torch.mv, array((4096, 4096), 1), numbers(4096, 2)),
        "tanh(exp(x)), 4M": lambda: row(lambda x: torch.tanh(torch.exp(x)), numbers(BIG, 1)),
        "a*b+c, 4M": lambda: row(lambda a, b, c: a * b + c, numbers(BIG, 1), numbers(BIG, 2), numbers(BIG, 3)),
        "sum 4M": lambda: row(torch.sum, numbers(BIG, 1)),
        "sum 64M": lambda: row(torch.sum, numbers(16 * BIG, 1)),
        "conv 32x32x32x3 k3 to 64": lambda: conv(3),
        "conv 32x32x32x64 k3 to 64": lambda: conv(64),
        "conv 32x32x32x64 k3 to 64, forward and both gradients": conv_all,
        "softmax of 4096 rows of 1000": lambda: row(lambda x: torch.softmax(x, -1), array((4096, 1000), 1)),
        "layer norm of 4096 rows of 1000": lambda: row(layer_norm, array((4096, 1000), 1)),
        "one eager op on a tiny array": lambda: row(lambda x: x * 2, numbers(4, 1)),
        "MLP 784-512-512-10, batch 128, SGD step": mlp,
        "MNIST CNN, batch 64, Adam step": cnn,
        "LSTM(28 to 128), T 28, batch 64, Adam step": lstm,
    })
    return f"PyTorch {torch.__version__.split('+')[0]}", rows, lambda x: x.numpy() if isinstance(x, torch.Tensor) else x


name, rows, to_numpy = jax_rows() if LIBRARY == "jax" else torch_rows()


def answer(**fields):
    print(json.dumps(fields), flush=True)


answer(name=name, rows=list(rows))
run, result = None, None
for line in sys.stdin:
    command = json.loads(line)
    try:
        if "prepare" in command:
            run, result = rows[command["prepare"]]()
            answer()
        elif "run" in command:
            start = time.perf_counter()
            for _ in range(command["run"]):
                run()
            answer(ms=1000 * (time.perf_counter() - start))
        elif "result" in command:
            out = result()
            parts = out if isinstance(out, list) else [out]
            flat = np.concatenate([np.asarray(to_numpy(p), np.float64).reshape(-1) for p in parts])
            flat.tofile(command["result"])
            answer()
    except Exception as e:  # the bench says which row failed, and goes on
        answer(error=f"{type(e).__name__}: {e}".split("\n")[0])
