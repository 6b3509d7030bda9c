import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { decode } from 'fast-png'
import { safetensors } from 'pullback/data'
import { afterAll, describe, expect, test } from 'vitest'
import { longTestTimeout, scale, sized } from '../scale.ts'
import { example, lines, scratch } from './run.ts'

const folder = scratch()
afterAll(() => rmSync(folder, { recursive: true }))
const out = (name: string): string => join(folder, name)
const checkpoint = (name: string): Buffer => readFileSync(join(out(name), 'checkpoint.safetensors'))

const epochLine = /^epoch (\d+)\/(\d+) {2}loss (\d+\.\d{4}) {2}test accuracy (0\.\d{4}) {2}\d+\.\d s$/
const size = sized(['--limit', '2000', '--epochs', '1'], ['--limit', '6000', '--epochs', '3'])
const epochs = sized(1, 3)

describe('a short run', () => {
  test('says each epoch in one line, ends with its accuracy, and leaves pictures and a checkpoint', { timeout: longTestTimeout }, async () => {
    const { status, stdout, stderr } = await example('mnist-cnn', [...size, '--out', out('whole')])
    expect(status).toBe(0)
    const said = lines(stderr).slice(1)
    expect(said.length).toBe(epochs)
    said.forEach((line, i) => expect(line.match(epochLine)?.slice(1, 3)).toEqual([`${i + 1}`, `${epochs}`]))
    expect(lines(stdout).at(-1)).toBe(`test accuracy ${said.at(-1)!.match(epochLine)![4]!}`)
    expect(Number(stdout.trim().split(' ').at(-1))).toBeGreaterThan(sized(0.7, 0.95))

    expect(readdirSync(out('whole')).sort()).toEqual(['checkpoint.safetensors', 'history.svg', 'misread.png'])
    const history = readFileSync(join(out('whole'), 'history.svg'), 'utf8')
    expect(history).toMatch(/^<svg[^>]*>/)
    expect(history).toContain('accuracy by epoch')
    const grid = decode(readFileSync(join(out('whole'), 'misread.png')))
    expect([grid.width, grid.channels]).toEqual([8 * 58, 1])
    expect(new Set(grid.data).size).toBeGreaterThan(50)

    const names = Object.keys(safetensors.decode(checkpoint('whole')))
    expect(names.filter((name) => name.startsWith('params.')).length).toBe(10)
    expect(safetensors.metadata(checkpoint('whole'))['settings']).toBe(`--batch 64 --seed 0 --limit ${size[1]!}`)
  })

  test('broken by Ctrl-C and resumed, it comes to the same bits', { timeout: longTestTimeout }, async () => {
    const broken = await example('mnist-cnn', [...size, '--out', out('broken')], { interruptAfter: 1500 })
    expect(broken.status).toBe(130)
    expect(lines(broken.stderr).at(-1)).toContain('--resume goes on from it')
    expect(readdirSync(out('broken'))).toEqual(['checkpoint.safetensors'])
    const { status, stdout } = await example('mnist-cnn', [...size, '--out', out('broken'), '--resume'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^test accuracy 0\.\d{4}\n$/)
    expect(checkpoint('broken').equals(checkpoint('whole'))).toBe(true)
    for (const picture of ['history.svg', 'misread.png']) expect(readFileSync(join(out('broken'), picture)).equals(readFileSync(join(out('whole'), picture)))).toBe(true)
  })

  test('does not resume what is not there, or was made otherwise', { timeout: longTestTimeout }, async () => {
    const absent = await example('mnist-cnn', ['--out', out('absent'), '--resume'])
    expect([absent.status, existsSync(out('absent'))]).toEqual([2, false])
    expect(absent.stderr).toContain('to resume from')
    const other = await example('mnist-cnn', [...size, '--seed', '1', '--out', out('whole'), '--resume'])
    expect(other.status).not.toBe(0)
    expect(other.stderr).toContain('was made with --batch 64 --seed 0')
  })
})

describe('the command line', () => {
  test('--help shows every option and its default', async () => {
    const { status, stdout, stderr } = await example('mnist-cnn', ['--help'])
    expect([status, stderr]).toEqual([0, ''])
    for (const option of ['epochs', 'batch', 'seed', 'device', 'limit', 'out', 'resume', 'help']) expect(stdout).toContain(`--${option}`)
    expect(stdout).toContain('(10)')
  })

  test.each([
    ['--epochs', '-1'],
    ['--batch', '0'],
    ['--seed', 'x'],
    ['--device', 'gpu'],
    ['--fast', 'yes'],
  ])('%s %s is refused, with the help', async (option, value) => {
    const { status, stdout, stderr } = await example('mnist-cnn', [`${option}=${value}`])
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain(option)
    expect(stderr).toContain('--help')
  })
})

test.runIf(scale === 'full')('ten epochs of all images read at least 99% of the test images; something is said within 5 s', { timeout: longTestTimeout }, async () => {
  const { stdout, stderr, firstProgress } = await example('mnist-cnn', ['--out', out('full')])
  expect(firstProgress).toBeLessThan(5000)
  expect(lines(stderr).filter((line) => epochLine.test(line)).length).toBe(10)
  expect(Number(lines(stdout).at(-1)!.split(' ').at(-1))).toBeGreaterThanOrEqual(0.99)
})
