import type { Bindings } from './bindings.ts'
import type { KernelContext } from './kernel-context.ts'

/** A shader with one invocation a point, whose number in `0 … count - 1` is called `name` in `body`. */
export function eachPoint(context: KernelContext, bindings: Bindings, count: number, body: readonly string[], { name = 'point', threads = 64 }: { name?: string; threads?: number } = {}): void {
  context.dispatch({
    bindings,
    threads,
    groups: Math.ceil(count / threads),
    declarations: [],
    body: [`let ${name} = group * ${threads}i + local;`, `if (${name} >= ${count}i) { return; }`, ...body],
  })
}
