import * as stax from 'pullback/stax'

// Without `pullback` there is no key to draw parameters with; for layers that have none, a number is array enough.
const [, apply] = stax.serial(stax.fanOut(2), stax.parallel(stax.Tanh, stax.serial(stax.Gelu, stax.Softplus)), stax.fanInSum)
const params = [[], [[], [[], []]], []]
console.log(JSON.stringify(apply(params, 0.5)))
console.log(JSON.stringify(stax.initializers.zeros(null, [2, 2])))
try {
  stax.Dropout(2)
} catch (e) {
  console.log(e.name, e.message)
}

export const made = stax.initializers.ones(null, [3, 2])
export const use = (array) => apply(params, array)
