"""nn.json: jax.nn's functions, values and gradients, at zero and at infinities."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import nn

from fixture import case, normal, write

INF, NAN = np.inf, np.nan
POINTS = np.array([0.0, -0.0, 0.3, -0.3, 1, -1, 2.5, -2.5, 3, -3, 6, 5.9, 7, -4, 20, -20, 90, -90, INF, -INF, NAN], np.float32)
INSIDE = np.array([0.3, -0.3, 1.5, -1.7, 2.5, -2.5, 4, -4, 0.01, 12], np.float32)
FUNCTIONS = {
    "relu": nn.relu, "relu6": nn.relu6, "elu": nn.elu, "selu": nn.selu, "silu": nn.silu, "softplus": nn.softplus, "sigmoid": nn.sigmoid, "logSigmoid": nn.log_sigmoid, "leakyRelu": nn.leaky_relu, "celu": nn.celu, "hardTanh": nn.hard_tanh, "hardSigmoid": nn.hard_sigmoid, "hardSilu": nn.hard_silu,
    "softSign": nn.soft_sign, "mish": nn.mish, "squareplus": nn.squareplus, "geluTanh": lambda x: nn.gelu(x, approximate=True), "geluExact": lambda x: nn.gelu(x, approximate=False), "leakyReluTwo": lambda x: nn.leaky_relu(x, 0.2), "eluTwo": lambda x: nn.elu(x, 2.0), "celuTwo": lambda x: nn.celu(x, 2.0),
    "sparsePlus": nn.sparse_plus, "sparseSigmoid": nn.sparse_sigmoid, "logSoftmaxAll": lambda x: nn.log_softmax(x[:4]),
}
pointwise = {}
for name, f in FUNCTIONS.items():
    pointwise[name] = [case(f"{name} {label}", f, [x], {}, 3) for label, x in (("corners", POINTS), ("ordinary float64", INSIDE.astype(np.float64)), ("corners float64", POINTS.astype(np.float64)))]
    second = lambda x: jax.vmap(jax.grad(jax.grad(lambda v: jnp.sum(f(v)))))(x)
    if name != "logSoftmaxAll":
        pointwise[name].append(case(f"{name} second derivative", second, [INSIDE.astype(np.float64)], {"second": True}))

X = normal((3, 4), 1)
HUGE = np.array([[1000, 0, -1000, 999], [-INF, 0, 1, 2], [88, 88, 88, 88], [-1e30, -1e30, 5, 1e30]], np.float32)
ALL_LOW = np.array([[-INF, -INF], [INF, 1], [NAN, 0]], np.float32)
along = {}
for name, f in {"softmax": nn.softmax, "logSoftmax": nn.log_softmax, "logsumexp": nn.logsumexp}.items():
    along[name] = [case(f"{label} axis {axis}", lambda v: f(v, axis=axis), [x], {"axis": axis}, 3 if label in ("plain", "plain float64", "huge") else None)
                   for label, x, axis in (("plain", X, -1), ("plain", X, 0), ("plain float64", X.astype(np.float64), -1), ("huge", HUGE, -1), ("infinite", ALL_LOW, -1))]
along["softmax"].append(case("two axes", lambda v: nn.softmax(v, axis=(0, 1)), [X], {"axis": [0, 1]}, 3))
along["logsumexp"].append(case("everything", nn.logsumexp, [X], {"axis": None}, 3))
along["standardize"] = [case(f"axis {axis}", lambda v: nn.standardize(v, axis=axis), [x], {"axis": axis}, 3) for x, axis in ((X, -1), (X, 0), (X.astype(np.float64), -1))]
along["glu"] = [case(f"axis {axis}", lambda v: nn.glu(v, axis=axis), [X[:2]], {"axis": axis}, 3) for axis in (0, 1, -1)]
one_hot = [case(f"{np.asarray(i).tolist()} axis {axis} {dtype}", lambda k: nn.one_hot(k, 4, dtype=dtype, axis=axis), [i], {"axis": axis, "dtype": dtype}) for i in (np.array([0, 2, 3, -1, 4], np.int32), np.array([[1, 2], [0, 9]], np.int32), np.int32(2)) for axis, dtype in ((-1, "float32"), (0, "float32"), (-1, "int32"))]
where = [case("logsumexp where", lambda v: nn.logsumexp(v, axis=1, where=X > 0), [X], {}, 3), case("logsumexp b", lambda v, b: nn.logsumexp(v, axis=1, b=b), [X, np.abs(normal((3, 4), 5))], {}, 3)]
write("nn.json", {"pointwise": pointwise, "along": along, "oneHot": one_hot, "logsumexpOptions": where})
