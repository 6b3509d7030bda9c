/** Names of kernels, for people: the operations in them that are worth a name, in order, each once. */
import type { Expression } from '../kernel-ir/index.ts'

const plain: ReadonlySet<string> = new Set(['convertElementType', 'add', 'sub', 'mul', 'selectN', 'neg', 'eq', 'gt', 'ge', 'lt', 'le', 'and', 'or', 'ne'])

export function kernelName(expressions: readonly Expression[]): string {
  const words: string[] = []
  const rest: string[] = []
  for (const nodes of expressions) {
    for (const n of nodes) {
      const word = n.op === 'apply' ? n.primitive : n.op === 'gather' || n.op === 'threefry' ? n.op : null
      if (word === null) continue
      const list = plain.has(word) ? rest : words
      if (!list.includes(word)) list.push(word)
    }
  }
  return (words.length > 0 ? words : rest).slice(0, 4).join('_')
}
