import { defaultDevice, devicePut, devices, grad, jit, lax, lower, makeJaxpr, nn, np, parseJaxpr, random, ShapeError, tree, vmap } from 'pullback'

const loss = (w, x) => np.mean(nn.gelu(np.matmul(x, w)).pow(2))
const w = random.normal(random.key(1), [8, 4])
const x = np.linspace(-1, 1, 24).reshape([3, 8])
const step = jit((w) => w.sub(grad(loss)(w, x).mul(0.1)))
const [, seen] = lax.scan((w) => [step(w), loss(w, x)], w, null, { length: 5 })

console.log(devices().join(), defaultDevice())
console.log(JSON.stringify(seen))
console.log(JSON.stringify(vmap(np.sort)(x.neg())))
console.log(JSON.stringify(np.einsum('ij,kj->ik', devicePut(x, 'cpu'), devicePut(x, 'cpu'))))
console.log(JSON.stringify(tree.map((a) => a * 2, { a: 1, b: [2, 3] })))
const text = String(makeJaxpr(grad(loss))(w, x))
console.log(text === String(parseJaxpr(text)), lower(step)(w).text('wat').length)
try {
  np.add(np.zeros([2]), np.zeros([3]))
} catch (e) {
  console.log(e instanceof ShapeError, e.name, e.code, e.operation, e.message)
}

export const made = w
export const use = (array) => np.sum(array)
