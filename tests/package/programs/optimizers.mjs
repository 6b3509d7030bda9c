import { adam, applyUpdates, chain, momentum, monoid, sgd } from 'pullback/optimizers'

const optimizer = monoid.concat(adam(0.1), chain(momentum(0.5, 0.9), sgd(2)))
let params = { w: 1, b: [2] }
let state = optimizer.init(params)
for (let i = 0; i < 3; i++) {
  const [updates, next] = optimizer.update(params, state, params)
  params = applyUpdates(params, updates)
  state = next
}
console.log(JSON.stringify(params))

export const made = params.w
export const use = (array) => applyUpdates(array, optimizer.update(array, optimizer.init(array), array)[0])
