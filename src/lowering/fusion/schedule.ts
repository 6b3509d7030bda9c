/** The order in which groups run. */
import type { Group } from './group.ts'
import type { Value } from './value.ts'

/** Groups in their order of making, each after everything that it needs. */
export function scheduled(groups: readonly Group[], owner: ReadonlyMap<Value, Group>): Group[] {
  const before = new Map(groups.map((g) => [g, sourcesOf(g, owner)]))
  waitForReaders(groups, before)
  return inOrder(groups, before)
}

function sourcesOf(g: Group, owners: ReadonlyMap<Value, Group>): Set<Group> {
  const sources = new Set<Group>()
  for (const v of g.loads) {
    const owner = owners.get(v)
    if (owner !== undefined && owner !== g) sources.add(owner)
  }
  return sources
}

/**
 * A group that could write its result over an input (new parameters over the old) runs after the others that read that
 * input, where nothing speaks against it.
 */
function waitForReaders(groups: readonly Group[], before: ReadonlyMap<Group, Set<Group>>): void {
  const readers = new Map<Value, Group[]>()
  for (const g of groups) for (const v of g.loads) if (v.def.kind === 'given') readers.set(v, [...(readers.get(v) ?? []), g])
  const needs = (from: Group, other: Group): boolean => {
    const seen = new Set<Group>([from])
    for (const g of seen) {
      if (g === other) return true
      for (const s of before.get(g)!) seen.add(s)
    }
    return false
  }
  for (const [input, users] of readers) {
    if (users.length < 2) continue
    const writer = users.find((g) => [...g.members.keys()].some((v) => v.stored && v.dtype === input.dtype && v.shape.join() === input.shape.join()))
    if (writer === undefined) continue
    for (const g of users) if (g !== writer && !needs(g, writer)) before.get(writer)!.add(g)
  }
}

/** Depth first: everything right before what first needs it. */
function inOrder(groups: readonly Group[], before: ReadonlyMap<Group, ReadonlySet<Group>>): Group[] {
  const order: Group[] = []
  const seen = new Set<Group>()
  for (const first of groups) {
    const path: Group[] = [first]
    for (let g = path.at(-1); g !== undefined; g = path.at(-1)) {
      const next = seen.has(g) ? undefined : [...before.get(g)!].filter((s) => !seen.has(s)).sort((a, b) => a.id - b.id)[0]
      if (next !== undefined) {
        path.push(next)
        continue
      }
      path.pop()
      if (!seen.has(g)) order.push(g)
      seen.add(g)
    }
  }
  return order
}
