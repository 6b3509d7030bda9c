import { jvp, type NDArray, np } from 'pullback'
import { expect, test } from 'vitest'
import { on, ways } from '../oracle/load.ts'
import { agreesWithJax } from './expressions.ts'

const tolerance = { float32: 1e-5, float64: 1e-12, absolute: 1e-6 }
agreesWithJax('the gradient of a power at 0 is that of JAX, in the base and in the exponent', 'singular', 'power', { tolerance })
agreesWithJax('the gradients of products with zeros, once and twice', 'singular', 'prod', { tolerance })
agreesWithJax('roots, norms, quotients and logarithms at their singular points', 'singular', 'roots', { tolerance })
agreesWithJax('where keeps the value, and a second where the gradient, from what is not finite', 'singular', 'safe', { tolerance })

test.each(ways)('the second derivative of x to the power 1 at 0 is 0, where JAX multiplies 0 by infinity, $name', (way) => {
  on(way, () => {
    const one = np.ones([])
    const derivative = (f: (x: NDArray) => NDArray) => (x: NDArray): NDArray => jvp(f, [x], [one])[1]
    expect(derivative(derivative((x) => np.power(x, one)))(np.zeros([])).item()).toBe(0)
  })
})
