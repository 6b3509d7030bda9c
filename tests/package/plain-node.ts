/** The package in Node as it is, without a bundler. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { entries, type Installed, node, withPeers } from './installed.ts'

export function plainNode(installed: () => Installed): void {
  test('every entry point loads; an optional peer is needed by those alone that say so', async () => {
    const { app } = installed()
    const names = entries.filter((name) => !withPeers.includes(name))
    writeFileSync(join(app, 'all.mjs'), `for (const name of ${JSON.stringify(names)}) console.log(name, Object.keys(await import(name)).length > 0)`)
    expect(await node(app, 'all.mjs')).toEqual({ status: 0, output: names.map((name) => `${name} true`).join('\n') })
  })

  test('what it throws starts at the line of the program', async () => {
    const { app } = installed()
    writeFileSync(join(app, 'wrong.mjs'), "import { np } from 'pullback'\ntry {\n  np.add(np.zeros([2]), np.zeros([3]))\n} catch (e) {\n  console.log(e.stack.split('\\n').find((row) => row.includes(' at ')))\n}\n")
    expect((await node(app, 'wrong.mjs')).output).toContain('wrong.mjs:3')
  })
}
