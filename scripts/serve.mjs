// A server of static files as pages of this project need them: cross-origin isolated, so that threads share memory, and under a
// policy that lets nothing run but the page's own scripts and WebAssembly.
import { readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, sep } from 'node:path'

export const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'"

const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The file that a request is for; null where there is none in the folder. */
async function fileOf(folder, url) {
  try {
    // The URL's own rules take `..` out of a path, but leave what is encoded.
    const path = join(folder, decodeURIComponent(new URL(url, 'http://here').pathname))
    if (path !== folder && !path.startsWith(folder + sep)) return null
    const file = (await stat(path)).isDirectory() ? join(path, 'index.html') : path
    return { file, bytes: await readFile(file) }
  } catch {
    return null
  }
}

/** Serves a folder until `close`. `isolated: false` leaves out the headers that let threads share memory; port 0 is any that is free. */
export async function serve(folder, { isolated = true, port = 0, host = 'localhost' } = {}) {
  const server = createServer(async (request, response) => {
    const headers = { 'Content-Security-Policy': policy, 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff' }
    if (isolated) Object.assign(headers, { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' })
    const found = await fileOf(folder, request.url ?? '/')
    if (found === null) {
      response.writeHead(404, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' }).end('not found\n')
      return
    }
    response.writeHead(200, { ...headers, 'Content-Type': types[extname(found.file)] ?? 'application/octet-stream', 'Content-Length': found.bytes.length })
    response.end(request.method === 'HEAD' ? undefined : found.bytes)
  })
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return {
    url: `http://${host}:${server.address().port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  }
}
