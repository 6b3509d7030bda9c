// Counts for scripts/test.mjs: what vitest does not print in one plain line. A module that fails to load, a hook of a
// suite that throws and an unhandled error are each one failure. Without the runner (a bare `vitest run`) it prints
// the closing line itself.
import { writeFileSync } from 'node:fs'

export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors, reason) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      if (module.errors().length > 0) count.failed += 1
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) count.failed += 1
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed' || state === 'failed' || state === 'skipped') count[state] += 1
        else count.failed += 1 // a test that never ended
      }
    }
    if (reason !== 'passed' && count.failed === 0) count.failed += 1
    const file = process.env.PULLBACK_TEST_COUNT
    if (file !== undefined) writeFileSync(file, JSON.stringify(count))
    else process.on('exit', () => console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`))
  }
}
