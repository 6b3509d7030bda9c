/** The examples that take seconds. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { longTestTimeout, sized } from '../scale.ts'
import { example, lines, scratch } from './run.ts'

const folder = scratch()
afterAll(() => rmSync(folder, { recursive: true }))

test('hello finds the weights', async () => {
  const { stdout } = await example('hello')
  const [w, loss] = stdout.match(/^w = \[(.*)\], loss = (.*)\n$/)!.slice(1)
  const weights = w!.trim().split(/\s+/).map(Number)
  ;[1, -2, 3].forEach((expected, i) => expect(weights[i]).toBeCloseTo(expected, 4))
  expect(Number(loss)).toBeLessThan(1e-9)
})

test.each(sized([0], [0, 1, 2, 3, 4]))('linear-regression, seed %i, ends near least squares, and draws it', async (seed) => {
  const { status, stdout } = await example('linear-regression', ['--seed', `${seed}`, '--out', folder])
  expect(status).toBe(0)
  const [descent, exact] = lines(stdout).map((line) => line.match(/slope (-?[\d.]+) {2}intercept (-?[\d.]+)$/)!.slice(1).map(Number))
  expect(Math.abs(descent![0]! - exact![0]!)).toBeLessThan(0.15)
  expect(Math.abs(descent![1]! - exact![1]!)).toBeLessThan(0.15)
  const svg = readFileSync(join(folder, 'fit.svg'), 'utf8')
  expect(svg.match(/mark-symbol/g)?.length).toBeGreaterThan(0)
  expect(svg.match(/L-?[\d.]+,/g)?.length).toBeGreaterThanOrEqual(999) // a line through 1,000 predictions
})

test('rnn-adding learns to add: an error below 0.02, where guessing has 0.167', { timeout: longTestTimeout }, async () => {
  const { status, stdout } = await example('rnn-adding', sized(['--length', '10'], []))
  expect(status).toBe(0)
  expect(Number(stdout.match(/^mse ([\d.]+) on 1000 new sequences/)![1])).toBeLessThan(0.02)
})
