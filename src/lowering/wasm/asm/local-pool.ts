import type { Local } from './instruction.ts'
import { AssemblyError, type ValueType } from './value-type.ts'

/** The locals of a function, and which of them are free to be used again. */
export class LocalPool {
  /** Parameters first, then the others in the order in which they were made. */
  readonly all: Local[]
  readonly #owner: string
  readonly #freed: Record<ValueType, Local[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] }
  readonly #scopes: Local[][] = []

  constructor(owner: string, params: readonly ValueType[]) {
    this.#owner = owner
    this.all = params.map((type, index) => ({ index, type, name: `p${index}` }))
  }

  take(type: ValueType, name: string): Local {
    const reused = this.#freed[type].pop()
    const local = reused ?? { index: this.all.length, type, name }
    if (!reused) this.all.push(local)
    this.#scopes.at(-1)?.push(local)
    return local
  }

  free(local: Local): void {
    if (this.#freed[local.type].includes(local)) throw new AssemblyError(`${this.#owner}: local ${local.index} is freed twice`)
    for (const scope of this.#scopes) {
      const held = scope.indexOf(local)
      if (held >= 0) scope.splice(held, 1)
    }
    this.#freed[local.type].push(local)
  }

  /** Runs `body`, and frees what it took and did not free. */
  scope(body: () => void): void {
    this.#scopes.push([])
    body()
    const made = this.#scopes.pop() ?? []
    for (const local of made) this.#freed[local.type].push(local)
  }
}
