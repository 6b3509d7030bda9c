import { grad, jit, np, random } from 'pullback'

const x = random.normal(random.key(0), [100, 3])
const y = np.matmul(x, np.array([1, -2, 3]))
const loss = (w: np.NDArray): np.NDArray => np.mean(np.square(np.matmul(x, w).sub(y)))
const step = grad(jit(loss)) // compiled forward and backward, composed like any other function

let w = np.zeros([3])
for (let i = 0; i < 100; i++) w = w.sub(step(w).mul(0.1))
console.log(`w = ${w}, loss = ${loss(w).item().toExponential(1)}`)
