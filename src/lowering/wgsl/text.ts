/** Programs of shaders as text, for people. */
import { kernelsOf, type Program } from '../kernel-ir/index.ts'
import { emitShaders, type ShaderOptions } from './emit-shaders.ts'
import type { Command } from './shader/shader-program.ts'

type DispatchCommand = Extract<Command, { kind: 'dispatch' }>

/** All shaders of a program, each once, under lines that say which kernels run it on what, and how many workgroups. */
export function wgslText(program: Program, options: ShaderOptions = {}): string {
  const { shaders, commands, places } = emitShaders(program, options)
  const kernels = kernelsOf(program)
  const runs = new Map<number, Set<string>>()
  const place = (p: number): string => {
    const { kind } = places[p]!
    return `${kind} ${places.slice(0, p).filter((q) => q.kind === kind).length}`
  }
  const head = ({ kernel, workgroups, shader, bindings }: DispatchCommand): string => {
    const { kind, name } = kernels[kernel]!
    return `// ${kernel} ${kind} ${name || 'copy'}: ${workgroups.join(' x ')} workgroups of ${shaders[shader]!.workgroupSize} on ${bindings.map((b, i) => `${shaders[shader]!.access[i] === 'read' ? '' : '*'}${place(b.place)}`).join(', ')}`
  }
  const walk = (some: readonly Command[]): void => {
    for (const c of some) {
      if (c.kind === 'loop') c.phases.forEach(walk)
      if (c.kind === 'dispatch') runs.set(c.shader, (runs.get(c.shader) ?? new Set()).add(head(c)))
    }
  }
  walk(commands)
  return shaders.map(({ code }, i) => [...runs.get(i)!, code].join('\n')).join('\n\n')
}
