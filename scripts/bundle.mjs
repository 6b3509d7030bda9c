// How the project's TypeScript becomes JavaScript, in one place: for running a file (run.mjs), for dist (build.mjs), for pages
// (demo.mjs, and tests in a browser) and for measuring (size.mjs).
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const require = createRequire(import.meta.url)

/** `pullback` and `pullback/x` are the sources. */
export const ownNames = {
  name: 'own-names',
  setup(build) {
    build.onResolve({ filter: /^pullback(\/[a-z]+)?$/ }, ({ path }) => {
      const entry = path.slice('pullback'.length)
      return { path: join(root, 'src', entry, 'index.ts') }
    })
  },
}

/** `#platform` is one of the sources (`node`, `browser`), or stays to be resolved by whoever imports the package. */
export const platform = (which) => ({
  name: 'platform',
  setup(build) {
    build.onResolve({ filter: /^#platform$/ }, () =>
      which === 'external' ? { path: '#platform', external: true } : { path: join(root, 'src', 'platform', `${which}.ts`) },
    )
  },
})

/** fp-ts's ES modules, which can be shaken; plain Node only finds its CommonJS ones. */
export const shakenFpTs = {
  name: 'fp-ts',
  setup(build) {
    build.onResolve({ filter: /^fp-ts\/lib\// }, ({ path }) => ({
      path: require.resolve(path).replace(/fp-ts[\\/]lib/, 'fp-ts/es6'),
      sideEffects: false,
    }))
  },
}

/**
 * Errors drop the library's own frames from their stack by the folder of `errors.ts`. In a bundle that runs with
 * source maps the frames name the sources, so the folder has to be the sources' too.
 */
export const sourceFolder = {
  name: 'source-folder',
  setup(build) {
    build.onLoad({ filter: /core[\\/]errors\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
      loader: 'ts',
    }))
  },
}

/** Options to run programs in Node from the sources, with stacks that name the sources. */
export const runnable = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  sourcesContent: false,
  logLevel: 'warning',
  plugins: [ownNames, platform('node'), shakenFpTs, sourceFolder],
}

/**
 * Options to bundle a page from the sources. All files land in one folder, so that the worker's file lies where the library
 * looks for it: beside the chunk that starts it. Pages name it among their entry points.
 */
export const forPages = {
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  entryNames: '[name]',
  chunkNames: '[name]-[hash]',
  logLevel: 'warning',
  plugins: [ownNames, platform('browser'), shakenFpTs],
}

export const workerFile = join(root, 'src', 'platform', 'worker.ts')
