import fc from 'fast-check'
import { checkGrads, checkVmap, convolutions, programs } from 'pullback/testing'

const [program] = fc.sample(programs({ operands: [{ shape: [2, 3], dtype: 'float32' }] }), { numRuns: 1, seed: 2 })
const [x] = program.args(0)
checkGrads((x) => x.mul(x), [x], { order: 2 })
try {
  checkGrads((y) => y.sub(x).max(), [x]) // six ties: no derivative
} catch (e) {
  console.log(e.name, e.operation)
}
for (const program of fc.sample(programs({ depth: 1 }), { numRuns: 3, seed: 1 })) {
  console.log(String(program))
  console.log(JSON.stringify(program.apply(...program.args(0))))
}
console.log(fc.sample(convolutions(), { numRuns: 2, seed: 1 }).length)

export const made = x
export const use = (array) => {
  checkVmap((x) => x.mul(x), [array.reshape([-1])])
  return array.mul(2)
}
