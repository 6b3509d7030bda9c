/**
 * The package as others get it: built, packed by npm, and installed offline into an empty project beside tarballs of what
 * it depends on, which are packed from this project's own node_modules.
 */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

export const root: string = join(import.meta.dirname, '..', '..')

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly license?: string
}
export const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
const own = manifestOf(root)

/** `pullback`, `pullback/stax`, …: all that can be imported. */
export const entries: readonly string[] = Object.keys(own.exports).filter((entry) => !entry.endsWith('.json')).map((entry) => entry.replace('.', 'pullback'))

/** Those that need an optional peer to be installed too. */
export const withPeers: readonly string[] = ['pullback/testing']

export interface Outcome {
  readonly status: number | null
  readonly output: string
}

/** Runs Node on a script, from `cwd`; what it prints, on either stream. */
export function node(cwd: string, script: string, ...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { cwd })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.on('close', (status) => resolve({ status, output: output.trim() }))
  })
}

/** Runs npm without the settings that an outer `npm test` leaves in the environment, and without a network. */
function npm(cwd: string, ...args: readonly string[]): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
  const { status, stdout, stderr } = spawnSync('npm', [...args, '--offline', '--ignore-scripts'], { cwd, env, encoding: 'utf8', shell: process.platform === 'win32' })
  if (status !== 0) throw new Error(`npm ${args.join(' ')}: ${stdout}${stderr}`)
  return stdout
}

/** Packs a folder: the tarball, and the paths of the files in it. */
function pack(folder: string, destination: string): { tarball: string; files: readonly string[] } {
  const [report] = JSON.parse(npm(destination, 'pack', folder, '--json')) as [{ filename: string; files: readonly { path: string }[] }]
  return { tarball: join(destination, report.filename), files: report.files.map(({ path }) => path) }
}

/** What must be installed for `names` to work, from this project's node_modules: the packages and all that they depend on. */
function closure(names: readonly string[]): string[] {
  const all = new Set<string>()
  const add = (name: string): void => {
    if (all.has(name)) return
    all.add(name)
    for (const other of Object.keys(manifestOf(join(root, 'node_modules', name)).dependencies ?? {})) add(other)
  }
  names.forEach(add)
  return [...all]
}

export interface Installed {
  /** The project that has the package installed. Programs written here may import it. */
  readonly app: string
  readonly tarball: string
  /** The files that npm packs. */
  readonly files: readonly string[]
  /** The package's own folder in `app`. */
  readonly folder: string
  /** Installs the optional peers beside it. */
  readonly installPeers: () => void
  readonly remove: () => void
}

/** Builds, packs and installs. Takes some seconds: once a test file. */
export function install(): Installed {
  const temporary = mkdtempSync(join(tmpdir(), 'pullback-package-'))
  const [source, tarballs, app] = ['source', 'tarballs', 'app'].map((name) => join(temporary, name)) as [string, string, string]
  for (const folder of [tarballs, app]) mkdirSync(folder)
  // A copy of the project with a `dist` of its own: nothing here depends on, or spoils, the one of whoever runs the tests.
  const skipped = new Set(['node_modules', 'dist', 'out', '.git'])
  cpSync(root, source, { recursive: true, filter: (path) => !skipped.has(basename(path)) })
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs'), join(source, 'dist')], { cwd: root, encoding: 'utf8' })
  if (built.status !== 0) throw new Error(built.stdout + built.stderr)
  const { tarball, files } = pack(source, tarballs)
  const fromHere = (names: readonly string[]): string[] => closure(names).map((name) => pack(join(root, 'node_modules', name), tarballs).tarball)
  const add = (packages: readonly string[]): void => {
    if (packages.length > 0) npm(app, 'install', '--cache', join(temporary, 'cache'), ...packages)
  }
  writeFileSync(join(app, 'package.json'), '{ "type": "module", "private": true }')
  add([...fromHere(Object.keys(own.dependencies ?? {})), tarball])
  return {
    app, tarball, files,
    folder: join(app, 'node_modules', 'pullback'),
    installPeers: () => add(fromHere(Object.keys(own.peerDependencies ?? {}))),
    remove: () => rmSync(temporary, { recursive: true }),
  }
}
