import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { longTestTimeout, scale, sized } from '../scale.ts'
import { example, lines } from './run.ts'

interface Truth {
  readonly train: readonly number[]
  readonly test: readonly number[]
  readonly tolerance: number
}
const truth = JSON.parse(readFileSync(new URL('../truth/mnist_mlp.json', import.meta.url), 'utf8')) as Truth

async function expectPublished(epochs: number, args: readonly string[] = []): Promise<void> {
  const { status, stdout } = await example('mnist-mlp', ['--epochs', `${epochs}`, ...args])
  expect(status).toBe(0)
  expect(lines(stdout).length).toBe(epochs)
  lines(stdout).forEach((line, i) => {
    const [, train, test] = line.match(/train accuracy (0\.\d{4}) {2}test accuracy (0\.\d{4})$/)!.map(Number)
    expect(Math.abs(train! - truth.train[i]!)).toBeLessThanOrEqual(truth.tolerance)
    expect(Math.abs(test! - truth.test[i]!)).toBeLessThanOrEqual(truth.tolerance)
  })
}

test('every epoch of the published experiment is within its tolerance', { timeout: longTestTimeout }, async () => {
  await expectPublished(sized(1, truth.test.length))
})
// A software adapter takes minutes for an epoch.
test.runIf(scale === 'full')('on webgpu the first epoch is', { timeout: longTestTimeout }, async () => {
  await expectPublished(1, ['--device', 'webgpu'])
})
