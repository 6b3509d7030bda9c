/** What oxlint and TypeScript say of lines that a user might write. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Finding {
  readonly line: number
  /** The rule, or TypeScript. */
  readonly by: string
}

const root = join(import.meta.dirname, '..', '..')
const node = (cwd: string, script: readonly string[], ...args: readonly string[]): string => spawnSync(process.execPath, [join(root, 'node_modules', ...script), ...args], { cwd, encoding: 'utf8' }).stdout

/** What is found in a file of these lines under this configuration of oxlint, and a plugin of this text. */
export function findings(lines: readonly string[], config: string, plugin: string): readonly Finding[] {
  const folder = join(root, 'node_modules', '.cache', `sharp-bits-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  try {
    const at = (...path: string[]): string[] => [join(root, 'src', ...path)]
    const compilerOptions = { isolatedDeclarations: false, noFallthroughCasesInSwitch: false, paths: { pullback: at('index.ts'), '#platform': at('platform', 'node.ts') } }
    writeFileSync(join(folder, '.oxlintrc.json'), config)
    writeFileSync(join(folder, 'pullback-lint.mjs'), plugin)
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: ['sample.ts'] }))
    writeFileSync(join(folder, 'sample.ts'), lines.join('\n'))
    const rules = node(folder, ['oxlint', 'bin', 'oxlint'], '--type-aware', '--no-ignore', '-c', '.oxlintrc.json', '-f', 'unix', 'sample.ts')
    const types = node(folder, ['typescript', 'bin', 'tsc'], '--noEmit', '-p', '.')
    return [
      ...[...rules.matchAll(/^sample\.ts:(\d+):\d+: .*\((\S+)\)\]$/gm)].map(([, line, by]) => ({ line: Number(line), by: by! })),
      ...[...types.matchAll(/^sample\.ts\((\d+),\d+\): error TS/gm)].map(([, line]) => ({ line: Number(line), by: 'TypeScript' })),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
