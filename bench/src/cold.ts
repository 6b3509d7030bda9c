/** A process of its own: how long a network's first step takes where nothing was traced, emitted or compiled before. Prints milliseconds. */
import { convolutional, recurrent } from './networks.ts'

const step = { CNN: convolutional, LSTM: recurrent }[process.argv[2] ?? '']
if (step === undefined) throw new Error(`there is no network ${process.argv[2]}`)
const run = step(1e-3)
const start = performance.now()
const loss = run().item()
const milliseconds = performance.now() - start
if (!Number.isFinite(loss)) throw new Error(`the loss is ${loss}`)
console.log(milliseconds)
process.exit(0)
