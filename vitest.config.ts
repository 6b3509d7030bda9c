import { fileURLToPath } from 'node:url'
import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { swiftshader } from './scripts/chromium.mjs'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

// Tests of WebGPU run on a software adapter, which Dawn finds by variables that stand before its process starts: those of test files start
// after this. Elsewhere, and with PULLBACK_TEST_GPU=1, they take the adapter that there is.
if (process.env['PULLBACK_TEST_GPU'] !== '1' && process.platform === 'linux' && process.arch === 'x64') Object.assign(process.env, (await swiftshader()).env)

const full = process.env['PULLBACK_TEST_SCALE'] === 'full'

// Tests and examples name the package as its users do; here those names mean the sources.
const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: [
      { find: /^#platform$/, replacement: at('./src/platform/node.ts') },
      { find: /^pullback$/, replacement: at('./src/index.ts') },
      { find: /^pullback\/([a-z]+)$/, replacement: at('./src/$1/index.ts') },
    ],
  },
  test: {
    include: ['tests/**/*.test.ts'],
    setupFiles: [at('./tests/setup.ts')],
    reporters: ['default', at('./scripts/count-reporter.mjs')],
    // At full size a test may take as long as it takes.
    testTimeout: full ? 3_600_000 : 60_000,
    hookTimeout: full ? 3_600_000 : 60_000,
    pool: 'forks',
    // Two cores: a run takes both, and each file has one thread unless it asks for more.
    maxWorkers: 2,
    env: { PULLBACK_THREADS: process.env['PULLBACK_THREADS'] ?? '1' },
    maxConcurrency: 2,
  },
})

export default config
