/**
 * The package as others get it. Tests that run on the sources hide faults of resolution, of declarations, and of what
 * bundlers leave out. It is built and installed once for all of them.
 */
import { afterAll, beforeAll, describe } from 'vitest'
import { longTestTimeout } from '../scale.ts'
import { inBrowser } from './browser.ts'
import { bundles } from './bundles.ts'
import { compile } from './compilers.ts'
import { contents } from './contents.ts'
import { install, type Installed } from './installed.ts'
import { plainNode } from './plain-node.ts'

let app: Installed | null = null
function installed(): Installed {
  if (app === null) throw new Error('the package is not installed')
  return app
}
beforeAll(() => {
  app = install()
}, longTestTimeout)
afterAll(() => app?.remove())

describe('contents', () => contents(installed))
describe('in plain Node', () => plainNode(installed))
describe('in a browser', () => inBrowser(installed))
describe('with its optional peers', () => {
  beforeAll(() => installed().installPeers(), longTestTimeout)
  describe.concurrent('for a compiler', { timeout: longTestTimeout }, () => compile(installed))
  describe.concurrent('in a bundle', { timeout: longTestTimeout }, () => bundles(installed))
})
