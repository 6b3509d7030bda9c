import * as random from 'pullback/random'

const key = random.key(7)
console.log(JSON.stringify(random.keyData(key)), JSON.stringify(random.normal(key, [3])))

export const made = random.uniform(key, [2, 2])
export const use = (array) => random.permutation(key, array.reshape([-1]))
