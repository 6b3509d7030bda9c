"""optim.json: ten steps of Optax's sgd, momentum and Adam on a small quadratic, 0.5 xᵀAx - bᵀx."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from fixture import array, write

A = np.array([[3, 0.5, 0], [0.5, 2, -0.3], [0, -0.3, 1]])
B = np.array([1.0, -2.0, 0.5])
START = np.array([0.7, -0.4, 2.0])
MAKE = {
    "sgd": (lambda: optax.sgd(0.1), {"learningRate": 0.1}), "momentum": (lambda: optax.sgd(0.1, momentum=0.9), {"learningRate": 0.1, "momentum": 0.9}), "nesterov": (lambda: optax.sgd(0.1, momentum=0.9, nesterov=True), {"learningRate": 0.1, "momentum": 0.9, "nesterov": True}),
    "adam": (lambda: optax.adam(0.1), {"learningRate": 0.1}), "adamOther": (lambda: optax.adam(0.05, b1=0.8, b2=0.95, eps=1e-4), {"learningRate": 0.05, "b1": 0.8, "b2": 0.95, "eps": 1e-4}),
}


def trajectory(optimizer, dtype):
    with jax.enable_x64(dtype == np.float64):
        a, b, x = (jnp.asarray(v, dtype) for v in (A, B, START))
        state, steps = optimizer.init(x), []
        for _ in range(10):
            updates, state = optimizer.update(a @ x - b, state, x)
            x = optax.apply_updates(x, updates)
            steps.append(np.asarray(x))
        return array(np.stack(steps))


out = {name: {"options": options, "float32": trajectory(make(), np.float32), "float64": trajectory(make(), np.float64)} for name, (make, options) in MAKE.items()}
write("optim.json", {"optax": optax.__version__, "A": A.tolist(), "b": B.tolist(), "start": START.tolist(), "trajectories": out})
