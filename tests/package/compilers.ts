/** The declarations, under the compilers and the settings that apps use: whole, without `skipLibCheck`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scale } from '../scale.ts'
import { entries, type Installed, node, root } from './installed.ts'

const compilers = ['typescript-5.4', 'typescript-5.5', 'typescript-5.6', 'typescript-5.7', 'typescript-5.8', 'typescript-5.9', 'typescript-6.0', 'typescript']
/** At quick scale the oldest and the last of each major version, each under one of the resolutions in turn; the newest under both. */
const quickly: readonly string[] = ['typescript-5.4 nodenext', 'typescript-5.9 bundler', 'typescript-6.0 nodenext', 'typescript nodenext', 'typescript bundler']
const resolutions = { nodenext: 'nodenext', bundler: 'esnext' }

const program = `import { grad, jit, lax, np, type NDArray, tree, vmap } from 'pullback'
${entries.map((name, i) => `import * as m${i} from '${name}'\nexport const x${i}: object = m${i}`).join('\n')}
const square = (x: NDArray): NDArray => x.mul(x).sum()
export const f: (x: NDArray) => NDArray = jit(grad(square))
export const g: (w: { a: NDArray; b: [NDArray, NDArray] }) => { a: NDArray; b: [NDArray, NDArray] } = grad((w) => np.sum(w.a.mul(w.b[0])).add(w.b[1]))
export const h: NDArray = vmap(f)(np.zeros([2, 3]))
export const [[total, { a }], sums] = lax.scan(([c, p], [x, y]) => [[c.add(x), p], y.mul(c)], [h, { a: h }], [h, h])
export const products: readonly NDArray[] = [total, a, sums]
class Affine {
  constructor(readonly w: NDArray, readonly b: NDArray, private readonly name: string) {}
  call(x: NDArray): NDArray { return x.mul(this.w).add(this.b) }
  static { tree.register(Affine, (l) => [[l.w, l.b], l.name], (name, [w, b]) => new Affine(w, b, String(name))) }
}
export const l: (l: Affine, x: NDArray) => Affine = jit(grad((l: Affine, x: NDArray) => l.call(x)))
// @ts-expect-error: a string is no array
np.add(h, 'one')
`

export function compile(installed: () => Installed): void {
  const all = compilers.flatMap((compiler) => Object.entries(resolutions).map(([resolution, module]) => ({ compiler, resolution, module })))
  const tried = all.filter(({ compiler, resolution }) => scale === 'full' || quickly.includes(`${compiler} ${resolution}`))
  test.each(tried)('$compiler with $resolution', async ({ compiler, resolution, module }) => {
    const { app } = installed()
    const name = `types-${compiler}-${resolution}`
    writeFileSync(join(app, `${name}.ts`), program)
    const compilerOptions = {
      target: 'es2022', module, moduleResolution: resolution, lib: ['es2022', 'dom'], types: [],
      strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false, noEmit: true,
    }
    writeFileSync(join(app, `${name}.json`), JSON.stringify({ compilerOptions, files: [`${name}.ts`] }))
    expect(await node(app, join(root, 'node_modules', compiler, 'bin', 'tsc'), '-p', `${name}.json`)).toEqual({ status: 0, output: '' })
  })
}
