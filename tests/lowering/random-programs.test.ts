import fc from 'fast-check'
import { describe, test } from 'vitest'
import { printJaxpr } from '../../src/core/print.ts'
import { arbitraryJaxpr } from '../core/arbitrary-jaxpr.ts'
import { numRuns } from '../scale.ts'
import { expectAgreement } from './agree.ts'

describe('a lowered program computes what the cpu backend computes', () => {
  test('random programs', () => {
    fc.assert(
      fc.property(arbitraryJaxpr(), (jaxpr) => {
        try {
          expectAgreement(jaxpr)
        } catch (e) {
          throw new Error(`${printJaxpr(jaxpr)}\n${e instanceof Error ? e.stack : String(e)}`)
        }
      }),
      { numRuns },
    )
  })
})
