/** Files that appear whole: written under another name first, then renamed. */
import { mkdir, rename, writeFile as write } from 'node:fs/promises'
import { dirname } from 'node:path'

export async function writeFile(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${process.pid}.part`
  await write(draft, content)
  await rename(draft, path)
}
