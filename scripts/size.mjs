// `npm run size`: what bundlers make of apps that call the library, minified and gzipped, and where the bytes are. Apps are
// bundled from `dist`, built anew, as they get it; the bytes are told by source, in esbuild's bundle of the sources.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { build, transform } from 'esbuild'
import { rollup } from 'rollup'
import { ownNames, platform, root, shakenFpTs } from './bundle.mjs'

/** KB of 1000 bytes, gzipped, for the first app: the goal. */
const goal = 60
const apps = {
  'jit(grad(f)) with np': "import { grad, jit, np } from 'pullback'\nconst f = jit(grad((w) => np.sum(np.tanh(np.matmul(w, w)))))\nconsole.log(String(f(np.ones([3, 3]))))\n",
  'jit(grad(f)) with pullback/numpy': "import { grad, jit } from 'pullback'\nimport * as np from 'pullback/numpy'\nconst f = jit(grad((w) => np.sum(np.tanh(np.matmul(w, w)))))\nconsole.log(String(f(np.ones([3, 3]))))\n",
  'jit(grad(f)) alone': "import { grad, jit } from 'pullback'\nconsole.log(String(jit(grad((x) => x.mul(x).sum()))(3)))\n",
  'np and lax': "import { np, lax, jit } from 'pullback'\nconsole.log(String(jit((x) => lax.scan((c, y) => [np.add(c, y), c], 0, x))(np.arange(3))))\n",
  'everything of the front door': "import * as pullback from 'pullback'\nconsole.log(pullback)\n",
}

const gzipped = (text) => gzipSync(text, { level: 9 }).byteLength
const inBrowser = { bundle: true, write: false, minify: true, format: 'esm', platform: 'neutral', target: 'es2022', logLevel: 'warning', logOverride: { 'ignored-bare-import': 'silent' }, tsconfigRaw: {} } // the project's tsconfig.json maps its name to the sources

const bundlers = {
  esbuild: async (file) => (await build({ ...inBrowser, entryPoints: [file], conditions: ['browser'] })).outputFiles[0].text,
  // Apps minify what rollup writes; here with the same minifier.
  rollup: async (file) => {
    const bundle = await rollup({ input: file, plugins: [nodeResolve({ browser: true })] })
    const { output } = await bundle.generate({ format: 'es' })
    await bundle.close()
    return (await transform(output[0].code, { minify: true, format: 'esm', target: 'es2022' })).code
  },
}

/** The bundle of the sources, each file's part of it minified by itself. */
async function partsOf(contents) {
  const { outputFiles } = await build({
    ...inBrowser, minify: false, minifyIdentifiers: true, minifySyntax: true, // whitespace stays: comments name the files
    absWorkingDir: root, stdin: { contents, resolveDir: root }, plugins: [ownNames, platform('browser'), shakenFpTs],
  })
  const parts = new Map()
  let lines = []
  for (const line of outputFiles[0].text.split('\n')) {
    const file = /^\/\/ ((?:src|node_modules)\/\S+)$/.exec(line)?.[1]
    if (file === undefined) lines.push(line)
    else parts.set(file, (lines = []))
  }
  return Promise.all([...parts].map(async ([file, part]) => [file, (await transform(part.join('\n'), { minifyWhitespace: true }).catch(() => ({ code: part.join('\n') }))).code]))
}

/** What a folder adds to the gzipped bundle: how much smaller it is without. The rest is shared by several. */
function byFolder(parts) {
  const folderOf = (file) => file.split('/').slice(0, -1).join('/')
  const all = gzipped(parts.map(([, text]) => text).join('\n'))
  return [...new Set(parts.map(([file]) => folderOf(file)))].map((folder) => ({
    folder,
    minified: parts.filter(([file]) => folderOf(file) === folder).reduce((sum, [, text]) => sum + text.length, 0),
    added: all - gzipped(parts.filter(([file]) => folderOf(file) !== folder).map(([, text]) => text).join('\n')),
  })).sort((a, b) => b.added - a.added)
}

// Inside the project, so that its own name is found.
const folder = mkdtempSync(join(root, '.size-'))
try {
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { cwd: root, encoding: 'utf8' })
  if (built.status !== 0) throw new Error(built.stdout + built.stderr)
  const kb = (bytes) => (bytes / 1000).toFixed(1)
  for (const [name, contents] of Object.entries(apps)) {
    const file = join(folder, 'app.mjs')
    writeFileSync(file, contents)
    const sizes = []
    for (const [bundler, bundle] of Object.entries(bundlers)) {
      const text = await bundle(file)
      sizes.push(`${bundler} ${kb(gzipped(text))} KB gzipped (${kb(text.length)} minified)`)
    }
    const [first] = Object.keys(apps)
    console.log(`${name}: ${sizes.join(', ')}${name === first ? `; the goal is ${goal} KB` : ''}`)
  }
  console.log('\nWhere they are, of the first (minified; what the folder adds, gzipped):')
  for (const { folder, minified, added } of byFolder(await partsOf(Object.values(apps)[0]))) {
    if (added > 200) console.log(`${kb(minified).padStart(8)} ${kb(added).padStart(6)}  ${folder}`)
  }
} finally {
  rmSync(folder, { recursive: true })
}
