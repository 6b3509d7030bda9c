// oxlint, with types, on what people write (bench/ has packages of its own, which a fresh machine does not install).
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './bundle.mjs'

const paths = ['src', 'tests', 'examples', 'scripts'].filter((path) => existsSync(join(root, path)))
const oxlint = join(root, 'node_modules', 'oxlint', 'bin', 'oxlint')
const { status } = spawnSync(process.execPath, [oxlint, '--type-aware', '--deny-warnings', ...process.argv.slice(2), ...paths], { cwd: root, stdio: 'inherit' })
process.exitCode = status ?? 1
