/** Trees of arrays as safetensors files: each leaf under its path, `params.0.0`. */
import { readFile } from 'node:fs/promises'
import { type NDArray, type Out, tree } from 'pullback'
import { safetensors } from 'pullback/data'

/** Writes a tree, and text beside it, as a file that appears whole. */
export async function saveTree(path: string, value: unknown, metadata: Readonly<Record<string, string>>): Promise<void> {
  const tensors: Record<string, NDArray> = {}
  tree.mapWithPath((at, leaf) => {
    tensors[at.join('.')] = leaf
  }, value)
  await safetensors.write(path, tensors, { metadata })
}

/** Reads what `saveTree` wrote into a tree that is put together like `like`. */
export async function loadTree<T>(path: string, like: T): Promise<{ value: Out<T>; metadata: Readonly<Record<string, string>> }> {
  const bytes = await readFile(path)
  const tensors = safetensors.decode(bytes)
  const value = tree.mapWithPath((at, leaf): NDArray => {
    const read = tensors[at.join('.')]
    if (read?.shape.join() !== leaf.shape.join()) throw new Error(`${path} holds no ${at.join('.')} of shape [${leaf.shape.join(',')}]: it is not of this network`)
    return read
  }, like)
  return { value, metadata: safetensors.metadata(bytes) }
}
