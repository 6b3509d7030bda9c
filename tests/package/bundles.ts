/**
 * Programs of each entry point, alone and in pairs, through three bundlers in production mode: the bundle prints what the
 * program prints in plain Node. Bundlers drop what they think nobody needs, rename classes and split shared modules.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { build as esbuild } from 'esbuild'
import { rollup } from 'rollup'
import { build as vite } from 'vite'
import { beforeAll, expect, test } from 'vitest'
import { scale } from '../scale.ts'
import { entries, type Installed, node, root } from './installed.ts'

const names = entries.map((entry) => entry.replace('pullback/', ''))

/** Every entry point by itself, and every two: what one makes, the other takes. */
const combinations: readonly (readonly string[])[] = names.flatMap((a, i) => [[a], ...names.slice(i + 1).map((b) => [a, b])])

const programOf = ([a, b]: readonly string[]): string =>
  a === undefined || b === undefined ? `import './${a}.mjs'\n`
  // A worker's file makes and takes nothing.
  : b === 'worker' ? `import './${a}.mjs'\nimport './worker.mjs'\n`
  : `import * as a from './${a}.mjs'\nimport * as b from './${b}.mjs'\nconsole.log(JSON.stringify([a.use(b.made), b.use(a.made)]))\n`

const complain = (bundler: string, message: string): never => {
  throw new Error(`${bundler}: ${message}`)
}

/** Each writes the bundle of a program and gives the file to run. A warning is an error. */
const bundlers: Readonly<Record<string, (app: string, program: string, name: string) => Promise<string>>> = {
  esbuild: async (app, program, name) => {
    const outfile = join(app, 'out', `${name}.esbuild.mjs`)
    const { warnings } = await esbuild({ absWorkingDir: app, entryPoints: [program], bundle: true, minify: true, format: 'esm', platform: 'neutral', conditions: ['browser'], outfile, logLevel: 'silent' })
    return warnings.length === 0 ? outfile : complain('esbuild', warnings.map(({ text }) => text).join('\n'))
  },
  'esbuild for Node': async (app, program, name) => {
    const outfile = join(app, 'out', `${name}.esbuild-node.mjs`)
    const { warnings } = await esbuild({ absWorkingDir: app, entryPoints: [program], bundle: true, minify: true, format: 'esm', platform: 'node', outfile, logLevel: 'silent' })
    return warnings.length === 0 ? outfile : complain('esbuild', warnings.map(({ text }) => text).join('\n'))
  },
  rollup: async (app, program, name) => {
    const file = join(app, 'out', `${name}.rollup.mjs`)
    const bundle = await rollup({ input: join(app, program), plugins: [nodeResolve({ browser: true, exportConditions: ['production'] })], onwarn: ({ message }) => complain('rollup', message) })
    await bundle.write({ file, format: 'es' })
    await bundle.close()
    return file
  },
  vite: async (app, program, name) => {
    const outDir = join('out', `${name}.vite`)
    const onwarn = ({ code, message }: { readonly code?: string; readonly message: string }): void => {
      if (code !== 'PLUGIN_TIMINGS') complain('vite', message) // how long its own plugins took
    }
    await vite({
      root: app, configFile: false, logLevel: 'silent', mode: 'production',
      build: { outDir, emptyOutDir: true, modulePreload: false, rollupOptions: { input: join(app, program), output: { entryFileNames: 'app.mjs' }, onwarn } },
    })
    return join(app, outDir, 'app.mjs')
  },
}

/** esbuild takes a tenth of a second: it tries all. The others share the combinations, where not everything is tried. */
const isTried = (bundler: string, combination: number): boolean =>
  scale === 'full' || bundler === 'esbuild' || combination % 8 === ['rollup', 'vite', 'esbuild for Node'].indexOf(bundler)

export function bundles(installed: () => Installed): void {
  beforeAll(() => cpSync(join(import.meta.dirname, 'programs'), installed().app, { recursive: true }))

  const expected = new Map<string, Promise<string>>()

  /** What a combination's program prints in plain Node. */
  function unbundled(app: string, program: string): Promise<string> {
    const known = expected.get(program) ?? node(app, program).then(({ status, output }) => (status === 0 ? output : complain('unbundled', output)))
    expected.set(program, known)
    return known
  }

  test('an app carries nothing of the namespaces, texts, shaders and families of primitives that it does not use', async () => {
    const { app } = installed()
    // namespaces, shaders, a file format; then what lowers sorts, convolutions and lgamma
    const marks = ['einsum', 'workgroup', 'safetensors', 'leakyRelu', 'sort.radix', ' taps', '72156649015328']
    const marksIn = async (bundler: string, name: string, program: string): Promise<string[]> => {
      writeFileSync(join(app, `${name}.app.mjs`), program)
      const text = readFileSync(await bundlers[bundler]!(app, `${name}.app.mjs`, name), 'utf8')
      return marks.filter((mark) => text.includes(mark))
    }
    expect(await marksIn('esbuild', 'all', "import * as pullback from 'pullback'\nimport * as data from 'pullback/data'\nconsole.log(pullback, data)\n")).toEqual(marks)
    expect(await marksIn('esbuild', 'little', "import { grad, jit } from 'pullback'\nconsole.log(jit(grad((x) => x.mul(x)))(3))\n")).toEqual([])
    // esbuild keeps the whole of a namespace that is handed on, but not of an entry point; others look into both.
    expect(await marksIn('esbuild', 'little-numpy', "import { grad, jit } from 'pullback'\nimport * as np from 'pullback/numpy'\nconsole.log(jit(grad((x) => np.sum(x)))(3))\n")).toEqual([])
    expect(await marksIn('vite', 'little-np', "import { grad, jit, np } from 'pullback'\nconsole.log(jit(grad((x) => np.sum(x)))(3))\n")).toEqual([])
  })

  test('the app of `npm run size` is as large as docs/performance.md says', async () => {
    const { app } = installed()
    const page = readFileSync(join(root, 'docs', 'performance.md'), 'utf8')
    const [, said] = /import \* as np from 'pullback\/numpy'`.* the app is (\d+) KB by esbuild/.exec(page) ?? []
    writeFileSync(join(app, 'size.app.mjs'), "import { grad, jit } from 'pullback'\nimport * as np from 'pullback/numpy'\nconst f = jit(grad((w) => np.sum(np.tanh(np.matmul(w, w)))))\nconsole.log(String(f(np.ones([3, 3]))))\n")
    const file = await bundlers['esbuild']!(app, 'size.app.mjs', 'size')
    const bytes = gzipSync(readFileSync(file), { level: 9 }).byteLength
    // zlib is not the same in every version of Node.
    expect(Math.abs(bytes / 1000 / Number(said) - 1), `${bytes} bytes gzipped, and ${said} KB are said`).toBeLessThan(0.02)
  })

  test.each([['browser', 'iife'], ['node', 'cjs']] as const)("esbuild's own format for %s, no module", async (platform, format) => {
    const { app } = installed()
    const combination = ['pullback', 'stax']
    const [program, outfile] = [`${format}.app.mjs`, join('out', `${format}.cjs`)]
    writeFileSync(join(app, program), `${programOf(combination)}import { np } from 'pullback'\ntry {\n  np.add(np.ones([2]), np.ones([3]))\n} catch (e) {\n  console.log(e.name, e.stack.includes(' at '))\n}\n`)
    const { warnings } = await esbuild({ absWorkingDir: app, entryPoints: [program], bundle: true, platform, outfile, logLevel: 'silent' })
    expect(warnings).toEqual([])
    expect(await node(app, outfile)).toEqual({ status: 0, output: await unbundled(app, program) })
  })

  for (const bundler of Object.keys(bundlers)) {
    const tried = combinations.filter((_, i) => isTried(bundler, i))
    test.each(tried.map((combination) => ({ combination, name: combination.join(' and ') })))(`${bundler}: $name`, async ({ combination }) => {
      const { app } = installed()
      const name = combination.join('-')
      writeFileSync(join(app, `${name}.app.mjs`), programOf(combination))
      const file = await bundlers[bundler]!(app, `${name}.app.mjs`, name)
      expect(await node(app, file)).toEqual({ status: 0, output: await unbundled(app, `${name}.app.mjs`) })
    })
  }
}
