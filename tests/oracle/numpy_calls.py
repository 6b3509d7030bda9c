"""Cases that call functions of jax.numpy: shared by make_numpy.py and make_numpy_more.py."""

import jax.numpy as jnp
import numpy as np

from fixture import case

cases = {}


def camel(name):
    head, *tail = name.rstrip("_").split("_")
    return head + "".join(t.capitalize() for t in tail)


def plain(x):
    return list(plain(v) for v in x) if isinstance(x, (list, tuple)) else {"special": str(float(x)).replace("inf", "Infinity").replace("nan", "NaN")} if isinstance(x, float) and not np.isfinite(x) else x


def holds_arrays(x):
    return isinstance(x, (np.ndarray, np.generic)) or isinstance(x, list) and any(holds_arrays(v) for v in x)


def call(name, *args, seed=None, ts=None, label="", **options):
    """One case: arrays among args and options become arguments, everything else is written down."""
    f, arrays = getattr(jnp, name), []

    def take(x):
        if isinstance(x, (np.ndarray, np.generic)):
            arrays.append(x)
            return {"arg": len(arrays) - 1}
        if isinstance(x, list) and holds_arrays(x):
            return [take(v) for v in x]
        return plain(x)

    params = {"args": [take(a) for a in args]}
    if options:
        params["options"] = {camel(k): take(v) for k, v in options.items()}

    def put(p, x, xs):
        if isinstance(p, dict) and "arg" in p:
            return xs[p["arg"]]
        return [put(q, v, xs) for q, v in zip(p, x)] if isinstance(x, list) and holds_arrays(x) else x

    def g(*xs):
        out = f(*[put(p, a, xs) for p, a in zip(params["args"], args)], **{k: put(params["options"][camel(k)], v, xs) for k, v in options.items()})
        return list(out) if isinstance(out, tuple) else out

    shapes = ", ".join(f"{np.asarray(a).dtype}{list(np.shape(a))}" for a in arrays)
    rest = ", ".join([str(plain(a)) for a in args if not isinstance(a, (np.ndarray, np.generic, list))] + [f"{k}={v if not isinstance(v, np.ndarray) else '…'}" for k, v in options.items()])
    key = ts or camel(name)
    cases.setdefault(key, []).append(case(f"{label} {shapes} {rest}".strip(), g, arrays, params, seed))
