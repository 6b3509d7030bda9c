/** A process of its own: how long a network's first step takes where nothing was traced, emitted or compiled before. Prints the milliseconds until its code is there, or until its loss is. */
import { compiling } from './compiling.ts'
import { convolutional, recurrent } from './networks.ts'

const step = { CNN: convolutional, LSTM: recurrent }[process.argv[2] ?? '']
if (step === undefined) throw new Error(`there is no network ${process.argv[2]}`)
const run = step(1e-3)
const start = performance.now()
let loss = NaN
const compiled = compiling(() => {
  loss = run().item()
})
const whole = performance.now() - start
if (!Number.isFinite(loss)) throw new Error(`the loss is ${loss}`)
console.log(process.argv[3] === 'compile' ? compiled.milliseconds : whole)
process.exit(0)
