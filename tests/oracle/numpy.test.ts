import { holds, type Tolerance } from './load.ts'
import { callOf, entries } from './numpy-calls.ts'

// Sums and products are as exact as their largest terms; NumPy's composed functions have a bit or two more to lose.
const tolerance: Tolerance = { float32: 2e-6, float64: 1e-12, scale: 'array' }

for (const [name, cases] of entries) holds(`np.${name}`, cases, (params) => callOf(name, params), tolerance)
