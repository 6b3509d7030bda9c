/** A module of WGSL around the body of its entry point. */
import { libraryFor } from '../library/index.ts'

/** Limit that every WebGPU device has on workgroups along one dimension. */
const workgroupLimit = 65535

/** Workgroups in three dimensions, each within the limit, with little to spare: shaders skip what is past the end. */
export function dispatchOf(count: number): [number, number, number] {
  const z = Math.ceil(count / workgroupLimit ** 2)
  const y = Math.ceil(count / (workgroupLimit * z))
  return [Math.ceil(count / (y * z)), y, z]
}

/**
 * The module: declarations, what its text calls from the library, and the entry point, in which `group` is the number of the workgroup,
 * whatever dimensions the dispatch took, and `local` the invocation's in it.
 */
export function moduleText(declarations: string, threads: number, body: string): string {
  const subgroups = body.includes('subgroupShuffle')
  const width = subgroups ? `let width = subgroup_width(local_index, subgroup_place, min(subgroup_size, ${threads}u));` : ''
  const library = libraryFor(`${declarations}\n${width}\n${body}`)
  const builtins = `@builtin(workgroup_id) group_id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) local_index: u32${subgroups ? ', @builtin(subgroup_size) subgroup_size: u32, @builtin(subgroup_invocation_id) subgroup_place: u32' : ''}`
  const lines = [
    'let group = i32(group_id.x + groups.x * (group_id.y + groups.y * group_id.z));',
    'let local = i32(local_index);',
    // There are no more than 65,535 workgroups along x, which compilers do not know.
    library.includes('var<private> zero') ? 'zero = group_id.x >> 16u;' : '',
    width,
    body,
  ]
  const entry = `@compute @workgroup_size(${threads})\n${block(`fn main(${builtins})`, lines.filter((line) => line !== ''))}`
  return [subgroups ? 'enable subgroups;' : '', declarations, library, entry].filter((part) => part !== '').join('\n')
}

/** Every line two spaces further in. */
export const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ')

/** A block of lines under a head: `head {` … `}`. */
export const block = (head: string, lines: readonly string[]): string => `${head} {\n${indented(lines.join('\n'))}\n}`
