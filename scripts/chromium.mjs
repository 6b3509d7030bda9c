// The Chromium and the SwiftShader (Vulkan in software) of the npm package `@sparticuz/chromium`, unpacked once into node_modules/.cache.
// Tests of WebGPU and of pages run on them, so they need neither a GPU nor anything of the system. They are for Linux on x64; elsewhere
// PULLBACK_CHROMIUM names another Chrome or Chromium.
import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress } from 'node:zlib'
import { root } from './bundle.mjs'

const require = createRequire(import.meta.url)
const ships = process.platform === 'linux' && process.arch === 'x64'

function shipped() {
  if (!ships) throw new Error(`@sparticuz/chromium has programs for Linux on x64, and this is ${process.platform} on ${process.arch}; set PULLBACK_CHROMIUM to the file of a Chrome or Chromium`)
  // Its `exports` hide package.json and bin/.
  const main = require.resolve('@sparticuz/chromium')
  const folder = main.slice(0, main.lastIndexOf(join('@sparticuz', 'chromium')) + join('@sparticuz', 'chromium').length)
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return { bin: join(folder, 'bin'), cache: join(root, 'node_modules', '.cache', 'pullback', `chromium-${version}`), extract: createRequire(main)('tar-fs').extract }
}

/**
 * A folder of the cache, made by `fill` when it is not there. It appears whole: processes that want it at the same time each
 * make their own, and the first to finish is the one that stays.
 */
async function cached(folder, fill) {
  if (existsSync(folder)) return folder
  const own = `${folder}-${process.pid}`
  rmSync(own, { recursive: true, force: true })
  mkdirSync(own, { recursive: true })
  try {
    await fill(own)
    renameSync(own, folder)
  } catch (e) {
    if (!existsSync(folder)) throw e
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
  return folder
}

const unbrotlied = (file, target) => pipeline(createReadStream(file), createBrotliDecompress(), target)

/**
 * SwiftShader: its folder (`libvulkan.so.1`, `libvk_swiftshader.so` and the ICD file that names it), and the environment in which
 * a process that asks for Vulkan finds it. The variables have to stand before the process starts.
 */
export async function swiftshader() {
  const { bin, cache, extract } = shipped()
  const folder = await cached(join(cache, 'swiftshader'), (own) => unbrotlied(join(bin, 'swiftshader.tar.br'), extract(own)))
  return { folder, env: { VK_ICD_FILENAMES: join(folder, 'vk_swiftshader_icd.json'), LD_LIBRARY_PATH: withLibraries(folder) } }
}

const withLibraries = (...folders) => [...folders, ...(process.env.LD_LIBRARY_PATH?.split(':') ?? [])].filter((folder, i, all) => folder !== '' && all.indexOf(folder) === i).join(':')

const fonts = '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>\n  <dir prefix="relative">fonts</dir>\n  <cachedir prefix="xdg">fonts</cachedir>\n</fontconfig>\n'

/** Chromium: its file, the environment it starts in (libraries, fonts), and the arguments with which it has WebGPU on SwiftShader. */
export async function chromium() {
  const args = ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan', '--headless=new', '--disable-background-networking']
  const own = process.env.PULLBACK_CHROMIUM
  if (own !== undefined && own !== '') return { executable: own, env: {}, args }
  const { bin, cache, extract } = shipped()
  const folder = await cached(join(cache, 'chromium'), async (folder) => {
    await unbrotlied(join(bin, 'chromium.br'), createWriteStream(join(folder, 'chromium'), { mode: 0o755 }))
    // Chromium looks for SwiftShader beside itself.
    for (const archive of ['swiftshader', 'al2023', 'fonts']) await unbrotlied(join(bin, `${archive}.tar.br`), extract(folder))
    writeFileSync(join(folder, 'fonts.conf'), fonts)
  })
  return {
    executable: join(folder, 'chromium'),
    env: { LD_LIBRARY_PATH: withLibraries(folder, join(folder, 'lib')), FONTCONFIG_PATH: folder, FONTCONFIG_FILE: join(folder, 'fonts.conf'), XDG_CACHE_HOME: join(folder, 'cache') },
    args,
  }
}
