"""transforms.json: small programs of transformations over trees, axes, options and loops. They are written again in transforms.test.ts.

A case is `{name, args, structure, out}`: of the result the structure of its tree, and its leaves; a leaf of Python's (a number
that a function hands through) is written as an array. `weak` says which leaves are weakly typed, and `out` is null where JAX refuses. Numbers of Python that are integers would be weak int32, and stand as jnp.int32.
"""

import json

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from fixture import array, normal, write

F32 = np.float32
ARRAYS = {
    "s": F32(0.7), "t": F32(-1.3), "x": np.array([0.5, -1.25, 2], F32), "y": np.array([1.5, 0.75, -0.5], F32), "m": normal((2, 3), 1), "n": normal((3, 2), 2), "q": normal((3, 3), 3), "u": normal((2, 3, 4), 4), "v": normal((2,), 5), "l": normal((5, 3), 6),
    "e": np.zeros((0, 3), F32), "h": np.array([0.5, -1.5, 2], np.float16), "i": np.array([2, 0, 1], np.int32), "k": np.int32(1), "b": np.array([True, False, True]),
}
cases = []


def structure(tree):
    if tree is None:
        return "null"
    if isinstance(tree, (tuple, list)):
        return "[" + ",".join(structure(t) for t in tree) + "]"
    if isinstance(tree, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{structure(tree[k])}" for k in sorted(tree)) + "}"
    return "*"


def program(name, names, f):
    args = names.split()
    try:
        out = f(*[jnp.asarray(ARRAYS[a]) for a in args])
    except Exception:  # of many classes: TypeError, ValueError, IndexError, those of the compiler
        cases.append({"name": name, "args": args, "out": None})
        return
    leaves = [jnp.asarray(l) for l in jax.tree.leaves(out)]
    cases.append({"name": name, "args": args, "structure": structure(out), "weak": [bool(l.weak_type) for l in leaves], "out": [array(l) for l in leaves]})


P = lambda m, v: {"w": m, "b": v}
vmap, jit, grad = jax.vmap, jax.jit, jax.grad

# vmap: axes
program("vmap in axis 1", "m", vmap(jnp.sum, in_axes=1))
program("vmap in axis -1", "u", vmap(lambda a: a.sum(0), in_axes=-1))
program("vmap in axis -3", "u", vmap(lambda a: a[0], in_axes=-3))
program("vmap axes of two", "m n", vmap(jnp.dot, in_axes=(0, 1)))
program("vmap axes [0, -1]", "m n", vmap(jnp.dot, in_axes=(0, -1)))
program("vmap axis out of range", "m", vmap(jnp.sum, in_axes=2))
program("vmap axis -3 of rank 2", "m", vmap(jnp.sum, in_axes=-3))
program("vmap of a scalar", "s", vmap(lambda a: a))
program("vmap sizes differ", "m x", vmap(lambda a, b: a))
program("vmap null", "m x", vmap(jnp.multiply, in_axes=(0, None)))
program("vmap null tuple for a tree", "m v x", lambda m, v, x: vmap(lambda p, x: p["w"] @ x + p["b"], in_axes=(None, 0))(P(m, v), jnp.stack([x, x * 2])))
program("vmap prefix for a subtree", "m v", lambda m, v: vmap(lambda p: p["w"].sum() + p["b"], in_axes=(0,))(P(m, v)))
program("vmap tree of axes", "m v", lambda m, v: vmap(lambda p: p["w"] * p["b"][0], in_axes=({"w": 1, "b": None},))(P(m, v)))
program("vmap tree of axes with nested prefix", "m v x", lambda m, v, x: vmap(lambda t: t[0]["w"].sum() * t[0]["b"] + t[1].sum(), in_axes=((0, None),))((P(m, v), x)))
program("vmap axes missing a key", "m v", lambda m, v: vmap(lambda p: p["w"], in_axes=({"w": 0},))(P(m, v)))
program("vmap axes too few", "m v", vmap(lambda a, b: a, in_axes=(0,)))
program("vmap axes too many", "m", vmap(lambda a: a, in_axes=(0, 0)))
program("vmap axes in a list", "m v", lambda m, v: vmap(lambda t: t[0] * t[1], in_axes=([0, 0],))([m, v]))
program("vmap no mapped argument", "x", vmap(lambda a: a, in_axes=None))
program("vmap axisSize alone", "x", vmap(lambda a: a * 2, in_axes=None, axis_size=2))
program("vmap axisSize without arguments", "", lambda: vmap(lambda: jnp.array(2.0), axis_size=3)())
program("vmap axisSize agrees", "x", vmap(lambda a: a * 2, axis_size=3))
program("vmap axisSize disagrees", "x", vmap(lambda a: a * 2, axis_size=4))
program("vmap without arguments", "", lambda: vmap(lambda: jnp.array(2.0))())
program("vmap null in a tree", "x", lambda x: vmap(lambda t: t[0] + 1)((x, None)))
program("vmap out axis 1", "m", vmap(lambda a: a * 2, out_axes=1))
program("vmap out axis -1", "u", vmap(lambda a: a * 2, in_axes=1, out_axes=-1))
program("vmap out axis -2", "u", vmap(lambda a: a * 2, in_axes=2, out_axes=-2))
program("vmap out axes tuple", "m", vmap(lambda a: (a, a.sum()), out_axes=(1, 0)))
program("vmap out axes prefix", "m", vmap(lambda a: (a, {"p": a + 1, "q": a * 2}), out_axes=(0, 1)))
program("vmap out axes dict", "m", vmap(lambda a: {"p": a, "q": a.sum()}, out_axes={"p": 1, "q": 0}))
program("vmap out axis of one that is not mapped", "m x", vmap(lambda a, b: b, in_axes=(0, None), out_axes=1))
program("vmap out null", "m x", vmap(lambda a, b: (a, b * 2), in_axes=(0, None), out_axes=(0, None)))
program("vmap out null of a mapped one", "m", vmap(lambda a: a, out_axes=None))
program("vmap out axis out of range", "m", vmap(jnp.sum, out_axes=1))
program("vmap out axis -2 of a scalar", "m", vmap(jnp.sum, out_axes=-2))
program("vmap out axes too many", "m", vmap(lambda a: (a, a), out_axes=(0, 0, 0)))
program("vmap of a size of 0", "e", vmap(lambda a: a.sum()))
program("vmap unused argument", "x y", vmap(lambda a, b: a))
program("vmap gives a number", "x", vmap(lambda a: 1.5))
program("vmap gives null and a truth value", "x", vmap(lambda a: (True, None)))
program("vmap takes a number", "x", lambda x: vmap(lambda a, c: a * c, in_axes=(0, None))(x, 2.5))
program("vmap of vmap", "m n", lambda m, n: vmap(vmap(jnp.dot, in_axes=(None, 1)), in_axes=(0, None))(m, n))
program("vmap of vmap out axes", "u", vmap(vmap(lambda a: a * 2, in_axes=1, out_axes=-1), in_axes=1, out_axes=-1))
program("vmap axisName", "x", lambda x: vmap(lambda a: a + 1, axis_name="batch")(x))

# vmap: operations with mapped and other operands
program("vmap index", "m i", lambda m, i: vmap(lambda r, j: r[j], in_axes=(None, 0))(m.T, i))
program("vmap index of both", "q i", vmap(lambda r, j: r[j]))
program("vmap index out of bounds", "q i", lambda q, i: vmap(lambda r, j: r[j])(q, i * 3 - 2))
program("vmap dynamicSlice", "l i", lambda l, i: vmap(lambda j: lax.dynamic_slice(l, (j, 0), (3, 2)))(i * 2))
program("vmap dynamicUpdateSlice", "l i", lambda l, i: vmap(lambda j: lax.dynamic_update_slice(l, jnp.ones((1, 2), F32), (j, 1)))(i))
program("vmap set", "q i", vmap(lambda r, j: r.at[j].set(7)))
program("vmap set of a shared array", "x i", vmap(lambda a, j: a.at[j].add(1), in_axes=(None, 0)))
program("vmap set of mapped values", "x y", vmap(lambda a, c: a.at[1].multiply(c), in_axes=(None, 0)))
program("vmap takeAlongAxis", "q i", lambda q, i: vmap(lambda r: jnp.take_along_axis(r, i, axis=0), in_axes=1, out_axes=1)(q))
program("vmap where with a mapped condition", "b m", lambda b, m: vmap(lambda c, a: jnp.where(c, a, 0), in_axes=(0, 1))(b, m))
program("vmap select of whole arrays", "b x y", vmap(lambda c, a, d: lax.select(c, a, d), in_axes=(0, None, None)))
program("vmap clamp", "x y", lambda x, y: vmap(lambda a, c: lax.clamp(jnp.array(-1.0), a * y, c), in_axes=(0, 0))(x, jnp.abs(y)))
program("vmap concatenate", "m x", vmap(lambda a, c: jnp.concatenate([a, c, a]), in_axes=(0, None)))
program("vmap pad with a mapped value", "m v", vmap(lambda a, c: lax.pad(a, c, ((1, 0, 1),))))
program("vmap sort", "m", vmap(jnp.sort, in_axes=1))
program("vmap argsort and argmax", "u", vmap(lambda a: (jnp.argsort(a, axis=0), jnp.argmax(a, axis=1)), in_axes=1))
program("vmap cumsum", "u", vmap(lambda a: jnp.cumsum(a, axis=0), in_axes=2, out_axes=1))
program("vmap topK", "u", vmap(lambda a: lax.top_k(a, 2), in_axes=1))
program("vmap einsum", "u", vmap(lambda a: jnp.einsum("ij,kj->ik", a, a), in_axes=0))
program("vmap tensordot", "u q", vmap(lambda a, c: jnp.tensordot(c, a, 1), in_axes=(2, None), out_axes=1))
program("vmap reduceWindow", "u", vmap(lambda a: lax.reduce_window(a, -jnp.inf, lax.max, (2, 2), (1, 1), "VALID"), in_axes=0))
program("vmap reshape and transpose", "u", vmap(lambda a: a.reshape(-1, 2).T, in_axes=1, out_axes=1))
program("vmap roll and flip", "m", vmap(lambda a: jnp.roll(a[::-1], 1), in_axes=1, out_axes=1))
program("vmap keys", "", lambda: vmap(lambda k: jax.random.uniform(k, (2,)))(jax.random.split(jax.random.key(3), 3)))
program("vmap permutation", "", lambda: vmap(lambda k: jax.random.permutation(k, 5))(jax.random.split(jax.random.key(4), 2)))
program("vmap foldIn", "i", lambda i: vmap(lambda j: jax.random.bits(jax.random.fold_in(jax.random.key(1), j), (2,), "uint32"))(i))
program("vmap jit", "m x", vmap(jit(lambda a, c: (a * c).sum()), in_axes=(0, None)))
program("jit vmap", "m x", jit(vmap(lambda a, c: a * c, in_axes=(1, 0))))
program("vmap linearize", "x", vmap(lambda a: jax.linearize(jnp.sin, a)[1](jnp.array(2.0))))
program("vmap pullback", "x q", lambda x, q: vmap(jax.vjp(jnp.sin, x)[1])(q))
program("vmap hessian", "m", vmap(jax.hessian(lambda a: jnp.sum(a**3))))
program("vmap valueAndGrad", "m x", vmap(jax.value_and_grad(lambda a, c: jnp.tanh(a @ c)), in_axes=(0, None)))
program("vmap of a division of integers", "i", vmap(lambda j: (j // 2, j % 2, j / 2)))

# grad and valueAndGrad
program("grad argnums 1", "x y", grad(lambda a, c: jnp.sum(a * jnp.sin(c)), argnums=1))
program("grad argnums -1", "x y", grad(lambda a, c: jnp.sum(a * jnp.sin(c)), argnums=-1))
program("grad argnums list", "x y", grad(lambda a, c: jnp.sum(a * jnp.sin(c)), argnums=(1, 0)))
program("grad argnums list of one", "x y", grad(lambda a, c: jnp.sum(a * c), argnums=(0,)))
program("grad argnums twice", "x y", grad(lambda a, c: jnp.sum(a * c), argnums=(0, 0)))
program("grad argnums out of range", "x", grad(lambda a: jnp.sum(a), argnums=1))
program("grad of an integer", "i", grad(lambda a: jnp.sum(a * 1.5)))
program("grad beside an integer", "x i", grad(lambda a, j: jnp.sum(a * j)))
program("grad of an integer result", "x", grad(lambda a: jnp.sum(a.astype("int32"))))
program("grad of a vector", "x", grad(lambda a: a))
program("grad of shape [1]", "x", grad(lambda a: a[:1]))
program("grad of a pair", "x", grad(lambda a: (a.sum(), a.sum())))
program("grad of a number", "", lambda: grad(lambda a: a**2)(3.0))
program("grad of a constant", "x", grad(lambda a: 3.0))
program("grad of a tree", "m v", lambda m, v: grad(lambda p: jnp.sum(p["w"] @ jnp.ones(3)) * p["b"][0])(P(m, v)))
program("grad of nested trees", "m v x", lambda m, v, x: grad(lambda p: jnp.sum(p["in"]["w"] @ p["list"][0]) + p["list"][1] * p["in"]["b"].sum())({"in": P(m, v), "list": [x, 2.0], "none": None}))
program("grad of float16", "h", grad(lambda a: jnp.sum(a * a)))
program("grad through float16", "x", grad(lambda a: jnp.sum(a.astype("float16") * 2).astype("float32")))
program("grad hasAux", "x", grad(lambda a: (jnp.sum(a**2), {"twice": a * 2, "none": None}), has_aux=True))
program("grad hasAux of numbers", "x", lambda x: grad(lambda a: (jnp.sum(a**2), (1.5, True)), has_aux=True)(x))
program("grad hasAux without a pair", "x", grad(lambda a: jnp.sum(a), has_aux=True))
program("grad hasAux integer aux", "x i", grad(lambda a, j: (jnp.sum(a * j), j + 1), has_aux=True))
program("valueAndGrad hasAux", "x y", jax.value_and_grad(lambda a, c: (jnp.sum(a * c), [a + c, c]), argnums=(0, 1), has_aux=True))
program("valueAndGrad tree argnums", "m v x", lambda m, v, x: jax.value_and_grad(lambda p, c: jnp.sum((p["w"] @ c + p["b"]) ** 2), argnums=(0, 1))(P(m, v), x))
program("grad of grad with aux", "s", lambda s: grad(lambda a: grad(lambda c: (c**3 * a, c * a), has_aux=True)(a)[0])(s))
program("grad of grad, aux differentiated", "s", lambda s: grad(lambda a: grad(lambda c: (c**3, c * a), has_aux=True)(a)[1])(s))
program("jit of valueAndGrad hasAux", "x", jit(jax.value_and_grad(lambda a: (jnp.sum(jnp.sin(a)), jnp.int32(a.shape[0])), has_aux=True)))
program("grad of jit with aux outside", "x", lambda x: grad(jit(lambda a: (jnp.prod(a), a + 1)), has_aux=True)(x))
program("grad of max of ties", "", lambda: grad(lambda a: jnp.max(a))(jnp.array([2.0, 2.0, 1.0])))

# jvp, vjp, linearize, linearTranspose
program("jvp of two", "x y", lambda x, y: jax.jvp(jnp.multiply, (x, y), (y, x)))
program("jvp of trees", "m v", lambda m, v: jax.jvp(lambda p: {"z": p["w"].sum() * p["b"], "n": None}, (P(m, v),), (P(m * 2, v + 1),)))
program("jvp hasAux", "x y", lambda x, y: jax.jvp(lambda a: (jnp.sin(a), a * 2), (x,), (y,), has_aux=True))
program("jvp of numbers", "", lambda: jax.jvp(lambda a: a * 3, (2.0,), (1.0,)))
program("jvp tangent of another dtype", "x h", lambda x, h: jax.jvp(jnp.sin, (x,), (h,)))
program("jvp tangent of integers", "x i", lambda x, i: jax.jvp(jnp.sin, (x,), (i,)))
program("jvp tangent of another shape", "x s", lambda x, s: jax.jvp(jnp.sin, (x,), (s,)))
program("jvp tangents too few", "x y", lambda x, y: jax.jvp(jnp.multiply, (x, y), (y,)))
program("jvp of a constant", "x y", lambda x, y: jax.jvp(lambda a: jnp.array(4.0), (x,), (y,)))
program("jvp of jvp", "s t", lambda s, t: jax.jvp(lambda a: jax.jvp(jnp.sin, (a,), (t,))[1], (s,), (t,)))
program("vjp of trees", "m v x", lambda m, v, x: jax.vjp(lambda p, c: {"z": p["w"] @ c, "y": p["b"].sum()}, P(m, v), x)[1]({"z": v, "y": jnp.array(2.0)}))
program("vjp hasAux", "x y", lambda x, y: (lambda r: (r[0], r[1](y), r[2]))(jax.vjp(lambda a: (jnp.sin(a), {"twice": a * 2}), x, has_aux=True)))
program("vjp cotangent of another dtype", "x h", lambda x, h: jax.vjp(jnp.sin, x)[1](h))
program("vjp cotangent of another shape", "x m", lambda x, m: jax.vjp(jnp.sin, x)[1](m))
program("vjp cotangent of another structure", "x y", lambda x, y: jax.vjp(lambda a: (a, a * 2), x)[1](y))
program("vjp twice", "x y", lambda x, y: (lambda f: (f(y), f(y * 2)))(jax.vjp(jnp.sin, x)[1]))
program("vjp of unused", "x y", lambda x, y: jax.vjp(lambda a, c: a * 2, x, y)[1](x))
program("vjp under jit", "x y", jit(lambda x, y: jax.vjp(lambda a: a**3, x)[1](y)))
program("grad through a pullback", "s t", grad(lambda s, t: jax.vjp(jnp.sin, s)[1](t)[0], argnums=(0, 1)))
program("linearize of two", "x y", lambda x, y: (lambda r: (r[0], r[1](y, x), r[1](x, x)))(jax.linearize(jnp.multiply, x, y)))
program("linearize of trees", "m v", lambda m, v: (lambda r: (r[0], r[1](P(m, v))))(jax.linearize(lambda p: [p["w"].sum() * p["b"]], P(m, v))))
program("linearize hasAux", "x y", lambda x, y: (lambda r: (r[0], r[1](y), r[2]))(jax.linearize(lambda a: (a**2, a + 1), x, has_aux=True)))
program("linearize tangent of another shape", "x s", lambda x, s: jax.linearize(jnp.sin, x)[1](s))
program("linearTranspose", "x y", lambda x, y: jax.linear_transpose(lambda a: a * y, x)(x))
program("linearTranspose of trees", "m v x", lambda m, v, x: jax.linear_transpose(lambda p: p["w"] @ x + 2 * p["b"], P(m, v))(v))
program("linearTranspose of two", "x y", lambda x, y: jax.linear_transpose(lambda a, c: (a + c, a.sum()), x, y)((x, jnp.array(3.0))))
program("linearTranspose of what is not linear", "x", lambda x: jax.linear_transpose(jnp.sin, x)(x))
program("linearTranspose of a scan", "l x", lambda l, x: jax.linear_transpose(lambda a: lax.scan(lambda c, r: (c * 0.5 + r, c), jnp.zeros(3), a), l)((x, l)))

# jacobians
vector = lambda a: jnp.stack([a[0] * a[1], jnp.sin(a[2])])
two = lambda a, c: jnp.outer(a[:2], c) * c
tree_of = lambda p: {"z": p["w"] @ jnp.ones(3) * p["b"], "y": jnp.sum(p["b"] ** 3)}
for name, jac in (("jacfwd", jax.jacfwd), ("jacrev", jax.jacrev)):
    program(f"{name} of a vector", "x", jac(vector))
    program(f"{name} argnums 1", "x y", jac(two, argnums=1))
    program(f"{name} argnums list", "x y", jac(two, argnums=(1, 0)))
    program(f"{name} argnums list of one", "x y", jac(two, argnums=(0,)))
    program(f"{name} argnums -1", "x y", jac(two, argnums=-1))
    program(f"{name} of a scalar result", "x", jac(lambda a: jnp.sum(a**2)))
    program(f"{name} of a scalar argument", "s", jac(lambda a: jnp.stack([a, a * a])))
    program(f"{name} of a matrix", "m", jac(lambda a: a @ a.T))
    program(f"{name} of trees", "m v", lambda m, v, jac=jac: jac(tree_of)(P(m, v)))
    program(f"{name} of trees and argnums", "m v x", lambda m, v, x, jac=jac: jac(lambda p, c: (p["w"] @ c, p["b"]), argnums=(0, 1))(P(m, v), x))
    program(f"{name} hasAux", "x", jac(lambda a: (a**2, {"sum": a.sum(), "n": None}), has_aux=True))
    program(f"{name} hasAux of a constant", "x i", jac(lambda a, j: (a**2, j), has_aux=True))
    program(f"{name} of integers", "i", jac(lambda j: j * 2))
    program(f"{name} of an integer result", "x", jac(lambda a: a.astype("int32")))
    program(f"{name} beside an integer result", "x", jac(lambda a: (a, a.astype("int32"))))
    program(f"{name} of float16", "x", jac(lambda a: a.astype("float16") * 2))
    program(f"{name} of a number", "", lambda jac=jac: jac(lambda a: a**2)(3.0))
    program(f"{name} of a constant", "x", jac(lambda a: jnp.ones(2)))
    program(f"{name} under jit", "x", jit(jac(vector)))
    program(f"{name} of a scan", "x l", lambda x, l, jac=jac: jac(lambda a: lax.scan(lambda c, r: (jnp.tanh(c + r), c.sum()), a, l))(x))
    program(f"{name} of no elements", "e", jac(lambda a: a * 2))
    program(f"{name} of null results", "x", jac(lambda a: [a * 2, None]))
program("hessian argnums list", "x y", jax.hessian(lambda a, c: jnp.sum(a**2 * jnp.sin(c)), argnums=(0, 1)))
program("hessian of trees", "v x", lambda v, x: jax.hessian(lambda p: jnp.sum(p["w"] ** 2) * jnp.sum(p["b"] ** 2))(P(x, v)))
program("hessian hasAux", "x", jax.hessian(lambda a: (jnp.sum(a**3), a * 2), has_aux=True))
program("hessian of a vector", "x", jax.hessian(vector))
program("hessian of a number", "", lambda: jax.hessian(lambda a: a**4)(2.0))
program("hessian under vmap and jit", "m", jit(vmap(jax.hessian(lambda a: jnp.prod(a)))))
program("jacfwd of jacrev of trees", "v x", lambda v, x: jax.jacfwd(jax.jacrev(lambda p: {"o": jnp.sum(p["w"]) * p["b"] ** 2}))(P(x, v)))
program("jacrev of jacfwd", "x", jax.jacrev(jax.jacfwd(vector)))

# scan
add = lambda c, r: (c + r, c * r)
program("scan", "x l", lambda x, l: lax.scan(add, x, l))
program("scan reverse", "x l", lambda x, l: lax.scan(add, x, l, reverse=True))
program("scan unroll 2", "x l", lambda x, l: lax.scan(add, x, l, unroll=2))
program("scan unroll all", "x l", lambda x, l: lax.scan(add, x, l, unroll=True))
program("scan unroll more than there are", "x l", lambda x, l: lax.scan(add, x, l, unroll=9))
program("scan unroll 0", "x l", lambda x, l: lax.scan(add, x, l, unroll=0))
program("scan unroll -1", "x l", lambda x, l: lax.scan(add, x, l, unroll=-1))
program("scan of trees", "x l v", lambda x, l, v: lax.scan(lambda c, r: ({"a": c["a"] + r["p"], "n": c["n"] + 1}, (c["n"], {"s": r["q"].sum()})), {"a": x, "n": jnp.int32(0)}, {"p": l, "q": l[:, :2] * v}))
program("scan xs null", "x", lambda x: lax.scan(lambda c, _: (c * 2, c[0]), x, None, length=3))
program("scan xs null without length", "x", lambda x: lax.scan(lambda c, _: (c, None), x, None))
program("scan ys null", "x l", lambda x, l: lax.scan(lambda c, r: (c + r, None), x, l))
program("scan carry null", "l", lambda l: lax.scan(lambda c, r: (None, r * 2), None, l))
program("scan length agrees", "x l", lambda x, l: lax.scan(add, x, l, length=5))
program("scan length disagrees", "x l", lambda x, l: lax.scan(add, x, l, length=4))
program("scan lengths differ", "x l m", lambda x, l, m: lax.scan(lambda c, r: (c, r), x, (l, m)))
program("scan of a scalar", "x s", lambda x, s: lax.scan(add, x, s))
program("scan of nothing", "x e", lambda x, e: lax.scan(add, x, e))
program("scan length 0", "x", lambda x: lax.scan(lambda c, _: (c * 2, c), x, None, length=0))
program("scan negative length", "x", lambda x: lax.scan(lambda c, _: (c * 2, c), x, None, length=-1))
program("scan carry changes shape", "x l", lambda x, l: lax.scan(lambda c, r: (c[:2], None), x, l))
program("scan carry changes dtype", "x l", lambda x, l: lax.scan(lambda c, r: (c.astype("float16"), None), x, l))
program("scan carry changes structure", "x l", lambda x, l: lax.scan(lambda c, r: ((c, c), None), x, l))
program("scan body gives no pair", "x l", lambda x, l: lax.scan(lambda c, r: c, x, l))
program("scan weak carry", "x", lambda x: lax.scan(lambda c, r: (c + r, c), 0.0, x))
program("scan weak carry that stays weak", "x", lambda x: lax.scan(lambda c, r: (c * 2, c), 1.0, x))
program("scan weak carry becomes float16", "h", lambda h: lax.scan(lambda c, r: (c + r, c), 0.0, h))
program("scan carry takes a number", "x", lambda x: lax.scan(lambda c, r: (3.0, r), jnp.array(1.0), x))
program("scan weak ys", "x", lambda x: lax.scan(lambda c, r: (c, 2.0), x[0], x))
program("scan of truth values", "b", lambda b: lax.scan(lambda c, r: (c ^ r, c & r), jnp.bool_(True), b))
program("scan of integers", "i", lambda i: lax.scan(lambda c, r: (c * 2 + r, c), jnp.int32(1), i))
program("scan that ignores xs", "x l", lambda x, l: lax.scan(lambda c, r: (c * 2, None), x, l))
program("scan of scans", "x l", lambda x, l: lax.scan(lambda c, r: lax.scan(lambda d, e: (d * e + 1, d), c, r), x[0], l))
program("scan of keys", "", lambda: lax.scan(lambda k, _: (lambda a: (a[0], jax.random.uniform(a[1])))(jax.random.split(k)), jax.random.key(0), None, length=3)[1])
program("grad of scan", "x l", lambda x, l: grad(lambda a, r: lax.scan(lambda c, e: (jnp.tanh(c * e), c), a, r)[1].sum(), argnums=(0, 1))(x, l))
program("grad of scan of trees", "x l v", lambda x, l, v: grad(lambda p: lax.scan(lambda c, r: ({"a": c["a"] * r, "n": c["n"] + 1}, c["a"] * p["b"][0]), {"a": p["w"], "n": 0}, l)[1].sum())(P(x, v)))
program("grad of scan reverse", "x l", lambda x, l: grad(lambda a: lax.scan(lambda c, e: (c * e, c), a, l, reverse=True)[1].sum())(x))
program("grad of scan closure", "s l", grad(lambda s, l: lax.scan(lambda c, e: (c * s + e.sum(), None), 0.0, l)[0]))
program("vmap of scan xs", "u", lambda u: vmap(lambda r: lax.scan(lambda c, e: (c + e, c), 0.0, r), in_axes=2, out_axes=(0, 1))(u[0]))
program("vmap of scan init", "x l", lambda x, l: vmap(lambda a: lax.scan(lambda c, e: (c * e.sum(), c), a, l))(x))
program("vmap of scan closure", "x l", lambda x, l: vmap(lambda a: lax.scan(lambda c, e: (c + e * a, None), jnp.zeros(3), l)[0], out_axes=1)(x))
program("vmap of scan, carry mapped in the body", "x l", lambda x, l: vmap(lambda a: lax.scan(lambda c, e: ((c[0] + a, c[1]), c[0]), (0.0, 1.0), l))(x))
program("jvp of scan with a constant carry", "s t l", lambda s, t, l: jax.jvp(lambda a: lax.scan(lambda c, e: ((c[0] * a, c[1] + 1), c[1]), (1.0, 0.0), l), (s,), (t,)))
program("hessian of scan", "x", jax.hessian(lambda a: lax.scan(lambda c, e: (c * jnp.sin(e), None), 1.0, a)[0]))
program("linearize of scan", "x l", lambda x, l: jax.linearize(lambda a: lax.scan(lambda c, e: (c * e, c.sum()), a, l), x)[1](x))

# jit: what is traced when
def traces(options, *calls):
    count = [0]

    def f(*a):
        count[0] += 1
        return a[0] * 2 if not callable(a[-1]) else a[-1](a[0])

    g = jit(f, **options)
    for c in calls:
        g(*c)
    return jnp.int32(count[0])


program("jit traces once for one type", "x y", lambda x, y: traces({}, (x,), (y,), (x + y,)))
program("jit traces for shapes and dtypes", "x m i", lambda x, m, i: traces({}, (x,), (m,), (i,), (x,)))
program("jit traces numbers once", "", lambda: traces({}, (1.5,), (2.5,)))
program("jit traces weak and strong", "s", lambda s: traces({}, (1.5,), (s,)))
program("jit traces static values", "x", lambda x: traces({"static_argnums": 1}, (x, 1), (x, 1), (x, 2)))
program("jit traces static texts", "x", lambda x: traces({"static_argnums": (1,)}, (x, "a"), (x, "a" + ""), (x, "b")))
program("jit traces static NaN", "x", lambda x: traces({"static_argnums": 1}, (x, np.nan), (x, np.nan)))
program("jit traces static null", "x", lambda x: traces({"static_argnums": -1}, (x, None), (x, None), (x, 0)))
program("jit traces static tuples", "x", lambda x: traces({"static_argnums": 1}, (x, (1, 2)), (x, (1, 2)), (x, (2, 1))))
program("jit traces static functions", "x", lambda x: traces({"static_argnums": 1}, (x, jnp.sin), (x, jnp.sin), (x, jnp.cos)))
program("jit traces structures", "x y", lambda x, y: traces({}, (x, [y, y]), (x, [y, y]), (x, [y]), (x, None)))
program("jit static out of range", "x", lambda x: jit(lambda a: a, static_argnums=2)(x))
program("jit static and donated", "x", lambda x: jit(lambda a, n: a * n, static_argnums=1, donate_argnums=0)(x + 0, 3))
program("jit donates", "x y", lambda x, y: jit(lambda a, c: (a + c, c), donate_argnums=(0,))(x + 0, y))
program("jit reads what was donated", "x", lambda x: (lambda z: (jit(lambda a: a + 1, donate_argnums=0)(z), z + 1))(x + 0))
program("jit gives its arguments", "x", jit(lambda a: (a, [a], {"k": a})))
program("jit gives numbers", "x", jit(lambda a: (1.5, True, None, a)))
program("jit of nothing", "", lambda: jit(lambda: jnp.arange(3))())
program("jit of a closure", "x s", lambda x, s: jit(lambda a: a * s)(x))
program("jit of a number keeps it weak", "h", lambda h: jit(lambda a: a * 2)(1.5) * h)
program("jit of jit under grad", "x", lambda x: grad(lambda a: jit(lambda c: jit(jnp.sin)(c).sum())(a * 2))(x))

# stopGradient, evalShape
program("stopGradient of a tree", "x y", grad(lambda a, c: (lambda t: jnp.sum(t["p"] * t["q"][0] * a))(lax.stop_gradient({"p": a, "q": [c]}))))
program("stopGradient in jvp", "x y", lambda x, y: jax.jvp(lambda a: a * lax.stop_gradient(a), (x,), (y,)))
program("stopGradient of integers", "i", lambda i: lax.stop_gradient(i))
program("stopGradient in scan", "x", grad(lambda a: lax.scan(lambda c, e: (lax.stop_gradient(c) * e, None), 1.0, a)[0]))
program("stopGradient under vmap and jit", "x", jit(vmap(grad(lambda a: a * lax.stop_gradient(a**2)))))
program("stopGradient of what is already differentiated", "s", grad(lambda s: grad(lambda a: a * lax.stop_gradient(a) * s)(s)))


def shapes(tree):
    return jax.tree.map(lambda l: (jnp.array(l.shape, "int32"), jnp.int32({"float32": 1, "int32": 2, "bool": 3, "float16": 4}[str(l.dtype)])), tree)


program("evalShape", "m x", lambda m, x: shapes(jax.eval_shape(lambda a, c: {"d": a @ c, "n": jnp.argmax(a), "z": None, "b": a > 0}, m, x)))
program("evalShape of types", "", lambda: shapes(jax.eval_shape(lambda a: [a.sum(0), a.astype("float16")], jax.ShapeDtypeStruct((4, 2), "float32"))))
program("evalShape of a scan", "x l", lambda x, l: shapes(jax.eval_shape(lambda a, r: lax.scan(add, a, r), x, l)))
program("evalShape of a wrong use", "m x", lambda m, x: jax.eval_shape(lambda a, c: c @ a, m, x))

write("transforms.json", {"arrays": {k: array(v) for k, v in ARRAYS.items()}, "cases": cases})
