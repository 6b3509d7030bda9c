/** Transformations are functions from programs to programs: whatever one of them makes, the others take. */
import { checkJaxpr } from '../../src/core/check.ts'
import { law } from './law.ts'
import { transformedPrograms } from './traced.ts'

law('transformations of transformed programs are well typed, in any order', transformedPrograms({ minLength: 3, maxLength: 3 }), ({ jaxpr }) => {
  checkJaxpr(jaxpr)
})
