"""nn_types.json: the dtypes and weak types that functions of jax.nn give for integers, truth values, half floats and numbers."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import nn

from fixture import array, write

I = jnp.array([-2, 0, 3, 9], jnp.int32)
ARGS = {"int32": I, "bool": jnp.array([1, 0, 1, 1], bool), "uint8": jnp.array([0, 1, 3, 200], jnp.uint8), "float16": I.astype(jnp.float16), "float32": I.astype(jnp.float32), "number": 2.0}
NAMES = "relu relu6 leaky_relu sigmoid silu swish softplus log_sigmoid soft_sign elu celu selu gelu hard_tanh hard_sigmoid hard_silu hard_swish squareplus mish sparse_plus sparse_sigmoid glu softmax log_softmax logsumexp logmeanexp standardize identity tanh log1mexp".split()
# These add and multiply bytes before they make floats of them, and the bytes wrap: a difference that docs/coming-from-jax.md states.
WRAPPED = "standardize squareplus softmax log_softmax log1mexp".split()
cases = []
for name in NAMES:
    for kind, x in ARGS.items():
        if kind == "uint8" and name in WRAPPED:
            continue
        try:
            out = getattr(nn, name)(x)
        except Exception:
            cases.append({"name": name, "x": kind, "out": None})
            continue
        cases.append({"name": name, "x": kind, "weak": bool(out.weak_type), "out": array(out)})
for options in ({"negative_slope": 2}, {"negative_slope": 0.5}):
    out = nn.leaky_relu(I, **options)
    cases.append({"name": "leaky_relu", "x": "int32", "options": {"negativeSlope": options["negative_slope"]}, "weak": bool(out.weak_type), "out": array(out)})
out = nn.elu(I, 2.0)
cases.append({"name": "elu", "x": "int32", "options": {"alpha": 2}, "weak": bool(out.weak_type), "out": array(out)})

rng = np.random.RandomState(0)
draw = lambda *shape: np.round(rng.normal(size=shape), 2).astype(np.float32)
Q, K, V, G, BIAS = draw(2, 3, 4, 2), draw(2, 5, 4, 2), draw(2, 5, 4, 2), draw(2, 5, 2, 2), draw(4, 3, 5)
MASK = rng.uniform(size=(2, 1, 3, 5)) > 0.3
MASK[..., 0] = True
attention = []
for name, args, options in (("plain", [Q, K, V], {}), ("scale", [Q, K, V], {"scale": 0.3}), ("causal", [Q, K[:, :3], V[:, :3]], {"is_causal": True}), ("bias", [Q, K, V], {"bias": BIAS[None]}), ("mask", [Q, K, V], {"mask": MASK}), ("groups", [Q, G, G], {}), ("one sequence", [Q[0], K[0], V[0]], {}), ("half", [Q.astype(np.float16), K.astype(np.float16), V.astype(np.float16)], {})):
    f = lambda q, k, v: nn.dot_product_attention(q, k, v, **{n: jnp.asarray(o) if isinstance(o, np.ndarray) else o for n, o in options.items()})
    out, pullback = jax.vjp(f, *[jnp.asarray(a) for a in args])
    ct = np.ones(out.shape, np.float32) * np.linspace(-1, 1, out.size, dtype=np.float32).reshape(out.shape)
    attention.append({"name": name, "args": [array(a) for a in args], "options": {("isCausal" if n == "is_causal" else n): array(o) if isinstance(o, np.ndarray) else o for n, o in options.items()}, "out": array(out), "grads": [array(g) for g in pullback(jnp.asarray(ct, out.dtype))]})

write("nn_types.json", {"args": {k: array(v) for k, v in ARGS.items() if k != "number"}, "cases": cases, "attention": attention})
