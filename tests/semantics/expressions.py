"""Shared by the make_*.py scripts of this folder: calls that JAX and the library both evaluate, written once.

`N.maximum(x, 2)` is an expression of the arguments x, y, z; `case` evaluates it by JAX and writes it down as JSON:
`{"call": "np.maximum", "args": [{"arg": 0}, 2]}`. Derivatives are taken for the arguments of floating dtype, in the
direction 1, 2, 3 … (the index of an element, plus one) and for cotangents 1, 2, 3 …
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "oracle"))

import fixture
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


class Arg:
    def __init__(self, index):
        self.index = index


class Call:
    def __init__(self, name, f, args, options):
        self.name, self.f, self.args, self.options = name, f, args, options


class Function:
    """A function handed on by name: `lax.add` as the computation of a window."""

    def __init__(self, name, f):
        self.name, self.f = name, f


class Namespace:
    def __init__(self, name, module):
        self._name, self._module = name, module

    def __getattr__(self, name):
        f = getattr(self._module, name)
        return lambda *args, **options: Call(f"{self._name}.{camel(name)}", f, args, options)


N, L, NN = Namespace("np", jnp), Namespace("lax", lax), Namespace("nn", jax.nn)
x, y, z = Arg(0), Arg(1), Arg(2)
NAN, INF = float("nan"), float("inf")


def camel(name):
    head, *tail = name.rstrip("_").split("_")
    return head + "".join(t.capitalize() for t in tail)


def fn(name):
    return Function(f"lax.{camel(name)}", getattr(lax, name))


def at(a, index, method, *values, **options):
    """a.at[index].method(*values): index a tuple of numbers, Nones, slices and arrays."""
    return Call(f"at.{method}", lambda v, i, *u, **o: getattr(v.at[tuple(i)], method)(*u, **o), (a, list(index), *values), options)


def get(a, *index):
    return Call("slice", lambda v, i: v[tuple(i)], (a, list(index)), {})


def evaluate(e, args):
    if isinstance(e, Arg):
        return args[e.index]
    if isinstance(e, Function):
        return e.f
    if isinstance(e, Call):
        return e.f(*[evaluate(a, args) for a in e.args], **{k: evaluate(v, args) for k, v in e.options.items()})
    if isinstance(e, (list, tuple)):
        return type(e)(evaluate(a, args) for a in e)
    return e


def written(e):
    if isinstance(e, Arg):
        return {"arg": e.index}
    if isinstance(e, Function):
        return {"function": e.name}
    if isinstance(e, Call):
        out = {"call": e.name, "args": [written(a) for a in e.args]}
        options = {camel(k): written(v) for k, v in e.options.items() if v is not None}
        if options:
            out["options"] = options
        return out
    if isinstance(e, (list, tuple)):
        return [written(a) for a in e]
    if isinstance(e, dict):
        return {"record": {k: written(v) for k, v in e.items()}}
    if isinstance(e, slice):
        return [e.start, e.stop, e.step]
    if isinstance(e, str):
        return camel(e) if "_" in e else e
    if isinstance(e, float) and not np.isfinite(e) or isinstance(e, float) and e == 0 and np.signbit(e):
        return {"special": fixture.number(np.float64(e), "float64")}
    return e


def show(e):
    if isinstance(e, Arg):
        return "xyz"[e.index]
    if isinstance(e, Function):
        return e.name
    if isinstance(e, Call):
        inner = [show(a) for a in e.args] + [f"{camel(k)}: {show(v)}" for k, v in e.options.items() if v is not None]
        return f"{e.name}({', '.join(inner)})"
    if isinstance(e, (list, tuple)):
        return f"[{', '.join(show(a) for a in e)}]"
    if isinstance(e, slice):
        return "[" + ", ".join("null" if b is None else str(b) for b in (e.start, e.stop, e.step)) + "]"
    return str(e)


def counting(a):
    return jnp.asarray((np.arange(a.size) + 1).reshape(a.shape).astype(a.dtype))


def case(e, *args, of=(), name="", wrt=None, eager=False):
    """The value of an expression, and of its derivatives those named: forward, reverse, second. `eager`: its shape depends on values."""
    given = [np.asarray(a) for a in args]
    with jax.enable_x64(fixture.wide(given)):
        arrays = [jnp.asarray(a) for a in given]
        out = evaluate(e, arrays)
        types = ", ".join(f"{a.dtype}[{','.join(map(str, a.shape))}]" for a in given)
        entry = {"name": f"{name} {show(e)} {types}".strip(), "expression": written(e), "args": [fixture.array(a) for a in given], "out": fixture.arrays(out)}
        if eager:
            entry["eager"] = True
        if not of:
            return entry
        wrt = [i for i, a in enumerate(given) if fixture.inexact(a)] if wrt is None else wrt

        def f(*floats):
            full = list(arrays)
            for i, v in zip(wrt, floats):
                full[i] = v
            return [o for o in jax.tree.leaves(evaluate(e, full)) if jnp.issubdtype(o.dtype, jnp.floating)]

        def reverse(*floats):
            out, pullback = jax.vjp(f, *floats)
            return pullback(jax.tree.map(counting, out))

        floats = tuple(arrays[i] for i in wrt)
        tangents = tuple(counting(a) for a in floats)
        entry["wrt"] = wrt
        if "forward" in of:
            entry["forward"] = fixture.arrays(jax.jvp(f, floats, tangents)[1])
        if "reverse" in of:
            entry["reverse"] = fixture.arrays(reverse(*floats))
        if "second" in of:
            entry["second"] = fixture.arrays(jax.jvp(reverse, floats, tangents)[1])
        return entry


def outcome(e, *args, **options):
    """A case, or what JAX refuses: `{"refused": true}` in the place of results."""
    try:
        return case(e, *args, **options)
    except (TypeError, ValueError, ZeroDivisionError, IndexError) as error:
        given = [np.asarray(a) for a in args]
        types = ", ".join(f"{a.dtype}[{','.join(map(str, a.shape))}]" for a in given)
        print(f"refused: {show(e)} {types}: {str(error).splitlines()[0]}")
        return {"name": f"{show(e)} {types}, refused", "expression": written(e), "args": [fixture.array(a) for a in given], "refused": True}


def f32(*v):
    return np.array(v, np.float32)


def i32(*v):
    return np.array(v, np.int32)


def write(name, groups):
    fixture.write(f"../semantics/{name}.json", groups)
