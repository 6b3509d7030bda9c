/** The bound by which results of devices may differ, which laws take from samples. */
import { expect, test } from 'vitest'
import { interpret } from '../../src/backends/cpu/interpret.ts'
import { fromNumbers, numbersOf } from '../../src/backends/cpu/host-array.ts'
import { aval } from '../../src/core/aval.ts'
import { parseJaxpr } from '../../src/core/parse.ts'
import { documentedBounds } from '../lowering/wasm/math/documented.ts'
import { functionUnits, spreads } from './rounding.ts'

const n = 4096
const type = `f32[${n}]`

test('a function off by one unit stays within the spread, also where no sample happens to move the result', () => {
  // (0.7 / e · 1.3 e)²: the same for every e, but for how it is rounded on the way.
  const square = `b:${type} = div 0.7:f32[] e c:${type} = mul e 1.3:f32[] d:${type} = mul b c f:${type} = mul d d in (f,) }`
  const x = fromNumbers(aval([n], 'float32'), Float64Array.from({ length: n }, (_, i) => 0.3 + i * 1e-4))
  const [spread = []] = spreads(parseJaxpr(`{ lambda ; a:${type}. let e:${type} = tanh a ${square}`), [x])
  const [e] = interpret(parseJaxpr(`{ lambda ; a:${type}. let e:${type} = tanh a in (e,) }`), [x])
  const [right = [], off = []] = [0, 2 ** -24].map((unit) => numbersOf(interpret(parseJaxpr(`{ lambda ; e:${type}. let ${square}`), [fromNumbers(e!.aval, Float64Array.from(numbersOf(e!), (v) => v + unit))])[0]!))
  expect(Array.from(right, (y, i) => Math.abs(off[i]! - y) > spread[i]!).filter(Boolean)).toEqual([])
})

test('functions are allowed what the documentation allows them', () => {
  const larger = [...documentedBounds].flatMap(([name, { float32, float64 }]) => (name in functionUnits ? [[name, Math.max(float32, float64)]] : []))
  expect(Object.fromEntries(larger)).toEqual(functionUnits)
})
