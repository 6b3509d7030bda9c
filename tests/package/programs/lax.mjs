import * as lax from 'pullback/lax'

const x = lax.broadcastedIota('float32', [3, 4], 1)
const [total, sums] = lax.scan((carry, row) => [carry.add(row), carry.sum()], lax.full([4], 1), x)
console.log(JSON.stringify([total, sums]), JSON.stringify(lax.topK(lax.sin(x), 2)))

export const made = total
export const use = (array) => lax.exp(array)
