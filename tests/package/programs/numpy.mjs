import * as np from 'pullback/numpy'

const x = np.linspace(-1, 1, 6).reshape([2, 3])
console.log(JSON.stringify(np.einsum('ij,kj->ik', x, np.tanh(x))))
console.log(JSON.stringify(np.sort(x.neg())), String(x))

export const made = x
export const use = (array) => np.sum(array)
