// `npm test`: types, lint, licences, then every test; `npm test -- WORD` runs only the test files whose path contains WORD;
// `npm run test:full` runs the same at full size (tests/scale.ts), and the laws once more with two threads. The last line counts all of it.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './bundle.mjs'

const args = process.argv.slice(2)
const full = args.includes('--full')
const words = args.filter((arg) => !arg.startsWith('-'))
const unknown = args.filter((arg) => arg.startsWith('-') && arg !== '--full')
const total = { passed: 0, failed: 0, skipped: 0 }

function finish() {
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  process.exit(total.failed > 0 ? 1 : 0)
}

function node(script, argv, env = {}) {
  return spawnSync(process.execPath, [join(root, script), ...argv], { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status
}

/** A check that is no test file: one passed or one failed. */
function check(name, script, argv) {
  const started = performance.now()
  const ok = node(script, argv) === 0
  total[ok ? 'passed' : 'failed'] += 1
  console.log(`${ok ? 'ok' : 'FAILED'}  ${name}  ${((performance.now() - started) / 1000).toFixed(1)} s`)
}

if (unknown.length > 0) {
  console.error(`unknown option ${unknown.join(' ')}: npm test [-- WORD…], npm run test:full [-- WORD…]`)
  total.failed += 1
  finish()
}

const files = readdirSync(join(root, 'tests'), { recursive: true })
  .map((file) => `tests/${file.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.test.ts') && words.every((word) => file.includes(word)))
if (files.length === 0) {
  console.error(`no test file's path contains ${words.join(' and ')}`)
  total.failed += 1
  finish()
}

if (words.length === 0) {
  check('types', 'node_modules/typescript/bin/tsc', ['--noEmit', '-p', '.'])
  check('lint', 'scripts/lint.mjs', [])
  check('licences', 'scripts/licences.mjs', [])
}

const folder = mkdtempSync(join(tmpdir(), 'pullback-test-'))

/** Test files in one run of vitest, which leaves its count in a file. */
function tests(files, env = {}) {
  const counted = join(folder, 'count.json')
  rmSync(counted, { force: true })
  const status = node('node_modules/vitest/vitest.mjs', ['run', ...files], { PULLBACK_TEST_COUNT: counted, PULLBACK_TEST_SCALE: full ? 'full' : 'quick', ...env })
  if (!existsSync(counted)) {
    total.failed += 1 // vitest ended before it had anything to report
    return
  }
  const count = JSON.parse(readFileSync(counted, 'utf8'))
  for (const kind of Object.keys(total)) total[kind] += count[kind]
  if (status !== 0 && count.failed === 0) total.failed += 1
}

tests(words.length === 0 ? [] : files)
// Tests have one thread unless they ask for more. The laws hold with two as well, of every phase that can be shared, however small; those that name no device are of wasm then.
const laws = files.filter((file) => file.startsWith('tests/laws/'))
if (full && laws.length > 0) tests(laws, { PULLBACK_THREADS: '2', PULLBACK_SHARE_ABOVE: '0', PULLBACK_TEST_LAW_DEVICE: 'wasm' })
rmSync(folder, { recursive: true })
finish()
