// `npm run size`: what a bundler makes of apps that call the library, minified and gzipped, and where the bytes are.
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { ownNames, platform, root, shakenFpTs } from './bundle.mjs'

const apps = {
  'jit(grad(f))': "import { grad, jit } from 'pullback'; console.log(jit(grad((x) => x.mul(x).sum()))(3))",
  'np and lax': "import { np, lax, jit } from 'pullback'; console.log(jit((x) => lax.scan((c, y) => [np.add(c, y), c], 0, x))(np.arange(3)))",
  'everything of the front door': "import * as pullback from 'pullback'; console.log(pullback)",
}

export async function sizeOf(contents) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    metafile: true,
    logLevel: 'warning',
    plugins: [ownNames, platform('browser'), shakenFpTs],
  })
  const [file] = outputFiles
  const byFolder = new Map()
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = path.startsWith('src/') ? path.split('/').slice(0, 3).filter((p) => !p.endsWith('.ts')).join('/') : path.split('/').slice(0, 2).join('/')
      byFolder.set(folder, (byFolder.get(folder) ?? 0) + bytesInOutput)
    }
  }
  return { minified: file.contents.byteLength, gzipped: gzipSync(file.contents, { level: 9 }).byteLength, byFolder }
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`
  for (const [name, contents] of Object.entries(apps)) {
    const { minified, gzipped, byFolder } = await sizeOf(contents)
    console.log(`${name}: ${kib(minified)} minified, ${kib(gzipped)} gzipped`)
    const largest = [...byFolder].filter(([, bytes]) => bytes > 1024).sort((a, b) => b[1] - a[1])
    for (const [folder, bytes] of largest.slice(0, 12)) console.log(`  ${kib(bytes).padStart(10)}  ${folder}`)
  }
}
