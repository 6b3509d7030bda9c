/** Processes that have used a GPU end by themselves, and say nothing that nobody asked for. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
// In the project, so that imports resolve.
const folder = mkdtempSync(join(root, 'node_modules', '.pullback-webgpu-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Ended {
  readonly status: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

function run(name: string, code: string, env: Readonly<Record<string, string>> = {}): Ended {
  const file = join(folder, `${name}.ts`)
  writeFileSync(file, code)
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'run.mjs'), file], { cwd: root, encoding: 'utf8', timeout: 50_000, env: { ...process.env, ...env } })
  return { status, signal, stdout, stderr }
}
const start = "import { defaultDevice, init, np } from 'pullback'\nawait init('webgpu')\ndefaultDevice('webgpu')\n"
const well = (stdout: string): Ended => ({ status: 0, signal: null, stdout, stderr: '' })

describe('a process ends', () => {
  test.each([
    ['after init alone', '', ''],
    ['when everything was read', 'console.log(String(await np.arange(3).add(1).jsAsync()))\n', '1,2,3\n'],
    ['with work and reads in flight, which nobody waits for', 'let x = np.ones([64, 64])\nfor (let i = 0; i < 20; i++) x = x.matmul(x).mul(0.01)\nvoid x.data()\n', ''],
  ])('%s', (name, body, stdout) => {
    expect(run(name.replace(/\W+/g, '-'), start + body)).toEqual(well(stdout))
  })
  test('with its own code, and with an error of its own', () => {
    expect(run('exits', `${start}np.ones([3]).add(1)\nprocess.exit(3)\n`)).toMatchObject({ status: 3, signal: null })
    expect(run('throws', `${start}np.ones([3]).add(1)\nthrow new Error('mine')\n`)).toMatchObject({ status: 1, signal: null, stderr: expect.stringContaining('mine') as unknown })
  })
})

test('where there is no adapter, init says what was tried, and the rest works', () => {
  const code = "import { devices, init, np } from 'pullback'\nconst e = await init('webgpu').catch((e) => e)\nconsole.log(e.name, e.code, /npm package 'webgpu', any adapter/.test(e.message), devices().join(), String(np.ones([2]).add(1).js()))\n"
  const { status, stdout } = run('nothing', code, { VK_ICD_FILENAMES: '/nowhere', VK_DRIVER_FILES: '/nowhere' })
  expect([status, stdout]).toEqual([0, 'DeviceError DEVICE true cpu,wasm 2,2\n'])
})
