/** Every primitive as shaders on a device, against the cpu backend. */
import { afterAll, describe, expect, test } from 'vitest'
import { evalAvals } from '../../../src/core/abstract-eval/index.ts'
import { aval } from '../../../src/core/aval.ts'
import { encodeNumbers } from '../../../src/core/bytes.ts'
import { isInexact } from '../../../src/core/dtype.ts'
import { eqn, type Jaxpr, Var } from '../../../src/core/jaxpr.ts'
import type { Primitive } from '../../../src/core/primitives/index.ts'
import '../../families.ts'
import { type Case, cases } from '../../transforms/primitive-cases.ts'
import { generator, randomNumbers } from '../../transforms/values.ts'
import { expectAgreementOnDevice } from './agree.ts'
import { closeDevice } from './run-shaders.ts'

afterAll(closeDevice)

const holdsPrograms: ReadonlySet<Primitive> = new Set<Primitive>(['jit', 'scan'])
const all = (Object.keys(cases) as Primitive[]).filter((p) => !holdsPrograms.has(p)).flatMap((p) => cases[p].map((c, i): [string, Primitive, Case<Primitive>] => [`${p} ${i}`, p, c as Case<Primitive>]))

describe('one equation, in float32', () => {
  test.each(all)('%s', async (_, primitive, c) => {
    const avals = c.inputs.map((i) => aval(i.shape, i.dtype !== undefined && !isInexact(i.dtype) ? i.dtype : 'float32'))
    const params = primitive === 'bitcastConvertType' ? { newDtype: 'int32' } : primitive === 'convertElementType' ? { newDtype: 'int32', weakType: false } : c.params
    const inputs = avals.map((a) => new Var(a))
    const outputs = evalAvals(primitive, avals, params).map((a) => new Var(a))
    const jaxpr: Jaxpr = { constVars: [], inputs, equations: [eqn(primitive, params as never, inputs, outputs)], outputs }
    const bytes = c.inputs.map((x, k) => encodeNumbers(x.values ?? randomNumbers({ ...x, dtype: avals[k]!.dtype }, generator(k + 1)), avals[k]!.dtype))
    const { count } = await expectAgreementOnDevice(jaxpr, bytes)
    expect(count.dispatches + count.copies).toBeGreaterThanOrEqual(0)
  })
})
