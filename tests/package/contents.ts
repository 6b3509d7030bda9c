/** What is in the tarball: nothing that does not belong to its users, nothing of the machine that made it. */
import { readFileSync } from 'node:fs'
import { homedir, hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { expect, test } from 'vitest'
import { importGraph } from '../house/imports.ts'
import { type Installed, manifestOf, node, root } from './installed.ts'

const isDeclaration = (file: string): boolean => file.endsWith('.d.ts')

export function contents(installed: () => Installed): void {
  test('the files of the package: programs, declarations, four pages', () => {
    const files = installed().files.filter((file) => !isDeclaration(file)).map((file) => file.replace(/(?<=dist\/chunks\/|dist\/browser\/\w+-)\w{8}(?=\.js$)/, '[hash]'))
    // How many chunks there are is how finely apps can leave out what they do not use.
    const alike = (file: string): number => files.filter((other) => other === file).length
    expect([...new Set(files)].sort().map((file) => (alike(file) === 1 ? file : `${file}: ${alike(file)}`))).toMatchInlineSnapshot(`
      [
        "LICENSE",
        "NOTICE",
        "README.md",
        "dist/browser/chunk-[hash].js: 3",
        "dist/browser/data.js",
        "dist/browser/optimizers.js",
        "dist/browser/pullback.js",
        "dist/browser/stax.js",
        "dist/browser/webgpu-[hash].js",
        "dist/browser/worker.js",
        "dist/chunks/[hash].js: 28",
        "dist/data/index.js",
        "dist/index.js",
        "dist/namespaces/debug.js",
        "dist/namespaces/idx.js",
        "dist/namespaces/initializers.js",
        "dist/namespaces/lax.js",
        "dist/namespaces/nn.js",
        "dist/namespaces/np.js",
        "dist/namespaces/random.js",
        "dist/namespaces/safetensors.js",
        "dist/namespaces/tree.js",
        "dist/optimizers/index.js",
        "dist/platform/browser.js",
        "dist/platform/node.js",
        "dist/platform/worker.js",
        "dist/stax/index.js",
        "dist/testing/index.js",
        "dist/wire.js",
        "package.json",
      ]
    `)
  })

  test('each declaration is that of a source, and belongs to what an entry point exports', () => {
    const sources = new Set([...importGraph(join(root, 'src')).keys()].map((file) => `dist/${file.replace(/\.ts$/, '.d.ts')}`))
    const declarations = installed().files.filter(isDeclaration)
    expect(declarations.filter((file) => !sources.has(file))).toEqual([])
    const reached = new Set<string>()
    const visit = (file: string): void => {
      if (reached.has(file)) return
      reached.add(file)
      const text = readFileSync(join(installed().folder, file), 'utf8')
      for (const [, path = ''] of text.matchAll(/(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)\.js['"]/g)) visit(join(file, '..', `${path}.d.ts`))
    }
    for (const entry of Object.values(manifestOf(root).exports)) if (typeof entry !== 'string') visit(join(entry.types))
    expect(declarations.filter((file) => !reached.has(file) && !file.includes('/platform/'))).toEqual([])
  })

  test('no file names a path, a person or a host of the machine that built it', () => {
    const paths = [root, homedir(), tmpdir(), hostname(), 'sourceMappingURL'].filter((name) => name.length > 3)
    // An absolute path that does not end a URL or a relative path, or the URL of a file.
    const pattern = /(?<![\w.)}\]:/-])\/(?:home|root|Users|tmp|var|mnt|opt|work|usr)\/\w|file:\/\/\/\w/
    const named = installed().files.flatMap((file) => {
      const text = readFileSync(join(installed().folder, file), 'utf8')
      return [...paths.filter((path) => text.includes(path)), ...(pattern.exec(text) ?? [])].map((what) => `${file}: ${what}`)
    })
    expect(named).toEqual([])
  })

  test('publint finds nothing to say', async () => {
    const tarball = new Uint8Array(readFileSync(installed().tarball)).buffer
    const { messages, pkg } = await publint({ pack: { tarball }, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })

  test('attw: the types of every entry point are those of an ES module', async () => {
    const { status, output } = await node(root, join('node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js'), installed().tarball, '--profile', 'esm-only', '--no-color')
    expect(status, output).toBe(0)
  })
}
