// `npm run build`: writes to dist/ what package.json's `exports` and `imports` point to. JavaScript by esbuild, its
// entry points sharing chunks; declarations by tsc. `node scripts/build.mjs FOLDER` writes to another folder.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { build } from 'esbuild'
import { forPages, ownNames, platform, root, shakenFpTs } from './bundle.mjs'

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

const outdir = resolve(root, process.argv[2] ?? 'dist')

function fail(why) {
  console.error(`build: ${why}`)
  process.exit(1)
}

/** `./dist/stax/index.js` is made of `src/stax/index.ts`. */
const sourceOf = (output) => output.replace('./dist/', 'src/').replace(/\.js$/, '.ts')
/** The entry points that have files of their own; the others are namespaces (see below). */
const entryPoints = Object.entries(manifest.exports).flatMap(([name, e]) => (typeof e === 'string' || e.default.startsWith('./dist/namespaces/') ? [] : [{ name, output: e.default }]))
const outputs = [
  ...entryPoints.map(({ output }) => output),
  manifest.imports['#platform'].browser,
  manifest.imports['#platform'].default,
  './dist/wire.js',
]
const missing = outputs.filter((output) => !existsSync(join(root, sourceOf(output))))
if (missing.length > 0) fail(`package.json points to ${missing.join(', ')}, which have no source`)

// `export * as np from './numpy/index.ts'` of an entry point: bundled, the namespace would be an object made by a call, and
// an app would carry all of it, used or not. As modules of their own (`#namespaces/np`, of package.json's `imports`), apps
// drop what they do not use of them; `pullback/numpy` is one of these, for bundlers that keep all of a namespace that is handed on.
const namespaces = new Map()
for (const entry of outputs.map(sourceOf)) {
  for (const [, name, path] of readFileSync(join(root, entry), 'utf8').matchAll(/^export \* as (\w+) from '(\..+)'$/gm)) {
    if (namespaces.has(name)) fail(`two entry points export a namespace ${name}`)
    namespaces.set(name, { importer: join(root, entry), path, file: join(root, dirname(entry), path) })
  }
}

/**
 * Bundlers drop a file of the package that nobody needs (`sideEffects`), but of a file that is needed they keep statements
 * with calls in them: tables of rules, texts of shaders. So what many apps do without is kept in chunks of its own: these are
 * entry points here, and esbuild makes a chunk of what the same entry points reach. Nobody imports the entry points themselves.
 */
const apart = ['src/lower.ts', 'src/transforms/vectorize.ts', 'src/transforms/derivatives.ts', ...readdirSync(join(root, 'src', 'families')).map((file) => `src/families/${file}`)]

const asModules = {
  name: 'namespaces',
  setup(build) {
    build.onResolve({ filter: /^\./ }, ({ importer, path }) => {
      const name = [...namespaces.keys()].find((name) => namespaces.get(name).importer === importer && namespaces.get(name).path === path)
      return name === undefined ? undefined : { path: `#namespaces/${name}`, external: true, sideEffects: false }
    })
    build.onResolve({ filter: /^namespace:/ }, ({ path }) => ({ path: path.slice('namespace:'.length), namespace: 'namespace' }))
    build.onLoad({ filter: /.*/, namespace: 'namespace' }, ({ path }) => ({
      contents: `import ${JSON.stringify(join(root, 'src', 'wire.ts'))}\nexport * from ${JSON.stringify(namespaces.get(path)?.file ?? join(root, path))}\n`,
      resolveDir: root,
    }))
  },
}

rmSync(outdir, { recursive: true, force: true })
const result = await build({
  absWorkingDir: root,
  entryPoints: [
    ...outputs.map((output) => ({ in: sourceOf(output), out: output.replace(/^\.\/dist\/|\.js$/g, '') })),
    ...[...namespaces.keys()].map((name) => ({ in: `namespace:${name}`, out: `namespaces/${name}` })),
    ...apart.map((file) => ({ in: `namespace:${file}`, out: `apart/${file}` })),
  ],
  outdir,
  chunkNames: 'chunks/[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  packages: 'external',
  metafile: true,
  logLevel: 'warning',
  plugins: [asModules, ownNames, platform('external'), shakenFpTs],
  // A bare import of a module that `sideEffects` does not name is dropped with a mere warning: that is how the
  // wiring would vanish.
  logOverride: { 'ignored-bare-import': 'error' },
}).catch(() => fail('esbuild failed'))

rmSync(join(outdir, 'apart'), { recursive: true })

// A bundler of an app may skip a module whose exports it does not use. The wiring is safe where core's own code is: in
// the same chunk, which no app can do without.
const chunkOf = (source) => Object.entries(result.metafile.outputs).find(([, { inputs }]) => Object.keys(inputs).includes(source))?.[0]
const [wiring, core] = [chunkOf('src/wire.ts'), chunkOf('src/core/trace.ts')]
if (wiring === undefined || wiring !== core) fail(`the wiring is in ${wiring} and core in ${core}; every entry point has to import wire.ts`)

// Pages without a bundler, and their workers, cannot resolve `#platform`: for them, the same for browsers alone, where every import is a
// neighbour. `pullback/testing` is not among it: it needs fast-check, which needs a bundler.
const entryOf = (name) => (name === '.' ? 'pullback' : name.replace('./', ''))
const forBrowsers = await build({
  ...forPages,
  minify: true,
  metafile: true,
  entryPoints: entryPoints.filter(({ name }) => name !== './testing').map(({ name, output }) => ({ in: sourceOf(output), out: entryOf(name) })),
  outdir: join(outdir, 'browser'),
}).catch(() => fail('esbuild failed'))

/** Declarations by tsc: of every source, less those that no entry point leads to. */
function writeDeclarations() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  if (spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', outdir], { cwd: root, stdio: 'inherit' }).status !== 0) fail('tsc failed')

  // Declarations name their neighbours as the sources do, `./x.ts`; published, those are `./x.js`. Those that no entry
  // point leads to are of no use to anybody.
  const declared = [...Object.values(manifest.exports).flatMap((e) => (typeof e === 'string' ? [] : [e.types])), manifest.imports['#platform'].types]
  const neighbours = /((?:from|import)\s*\(?\s*['"])(\.{1,2}\/[^'"]+)\.ts(['"])/g
  const reached = new Set()
  function declare(path) {
    if (reached.has(path)) return
    reached.add(path)
    if (!existsSync(path)) fail(`no declarations in ${path}`)
    const text = readFileSync(path, 'utf8')
    for (const [, , neighbour] of text.matchAll(neighbours)) declare(join(dirname(path), `${neighbour}.d.ts`))
    writeFileSync(path, text.replace(neighbours, '$1$2.js$3'))
  }
  for (const file of declared) declare(join(outdir, file.replace('./dist/', '')))
  for (const file of readdirSync(outdir, { recursive: true, withFileTypes: true })) {
    const path = join(file.parentPath, file.name)
    if (path.endsWith('.d.ts') && !reached.has(path)) rmSync(path)
  }
  for (const folder of readdirSync(outdir, { recursive: true, withFileTypes: true }).filter((file) => file.isDirectory()).reverse()) {
    const path = join(folder.parentPath, folder.name)
    if (readdirSync(path).length === 0) rmdirSync(path)
  }
}
writeDeclarations()

const outputsOf = [result, forBrowsers].flatMap(({ metafile }) => Object.values(metafile.outputs))
const bytes = outputsOf.reduce((sum, { bytes }) => sum + bytes, 0)
console.log(`dist: ${outputsOf.length} files of JavaScript, ${(bytes / 1024).toFixed(0)} KiB`)
