/** Runs test files that a page shows, by vitest itself. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

export interface Outcome {
  readonly passed: number
  readonly failures: readonly string[]
}

/** What vitest's JSON reporter writes, as far as it is read here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly message: string
    readonly assertionResults: readonly { readonly status: string; readonly failureMessages: readonly string[] }[]
  }[]
}

/** By name, how many tests of each file passed, and why others did not. */
export function runTestFiles(files: readonly { readonly name: string; readonly code: string }[]): ReadonlyMap<string, Outcome> {
  if (files.length === 0) return new Map()
  // Not under node_modules, whose files vitest takes for finished JavaScript.
  mkdirSync(join(root, 'out'), { recursive: true })
  const folder = mkdtempSync(join(root, 'out', 'docs-'))
  try {
    for (const { name, code } of files) writeFileSync(join(folder, name), code)
    const report = join(folder, 'report.json')
    const config = `import base from '../../vitest.config.ts'\nexport default { ...base, root: ${JSON.stringify(folder)}, test: { include: ['*.ts'], setupFiles: [${JSON.stringify(join(root, 'tests', 'setup.ts'))}], exclude: ['vitest.config.ts'], pool: 'forks', maxWorkers: 1, testTimeout: 60_000, reporters: ['json'], outputFile: ${JSON.stringify(report)} } }\n`
    writeFileSync(join(folder, 'vitest.config.ts'), config)
    // The variables of the vitest that runs this must not reach the inner one.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|PULLBACK_TEST|NODE_ENV)/.test(name)))
    const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--config', join(folder, 'vitest.config.ts')], { cwd: folder, encoding: 'utf8', env })
    return outcomesOf(report, stdout + stderr)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function outcomesOf(report: string, said: string): ReadonlyMap<string, Outcome> {
  let text: string
  try {
    text = readFileSync(report, 'utf8')
  } catch {
    throw new Error(`vitest did not run:\n${said}`)
  }
  const { testResults } = JSON.parse(text) as Report
  return new Map(
    testResults.map(({ name, message, assertionResults }) => [
      basename(name),
      { passed: assertionResults.filter(({ status }) => status === 'passed').length, failures: [...(message === '' ? [] : [message]), ...assertionResults.flatMap(({ failureMessages }) => failureMessages)] },
    ]),
  )
}
