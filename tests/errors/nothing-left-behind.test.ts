/** An error thrown at any depth of any nesting of transformations leaves no interpreter, and no broken program, behind. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isStaging, traceDepth } from '../../src/core/trace.ts'
import { evalShape, grad, hessian, jacfwd, jacrev, jit, jvp, lax, linearize, linearTranspose, lower, makeJaxpr, np, PullbackError, valueAndGrad, vjp, vmap } from '../../src/index.ts'
import { numSlowRuns } from '../scale.ts'

type F = (x: np.NDArray) => np.NDArray

/** Each makes a function of a vector to a scalar from another. */
const wrappers: Readonly<Record<string, (f: F) => F>> = {
  jit: (f) => jit(f),
  grad: (f) => (x) => np.sum(grad(f)(x)),
  valueAndGrad: (f) => (x) => valueAndGrad(f)(x)[0],
  jvp: (f) => (x) => jvp(f, [x], [np.ones([3])])[1],
  vjp: (f) => (x) => np.sum(vjp(f, [x])[1](np.array(1))[0]),
  linearize: (f) => (x) => linearize(f, [x])[1](np.ones([3])),
  linearTranspose: (f) => (x) => np.sum(linearTranspose((t: np.NDArray) => jvp(f, [x], [t])[1], [x])(np.array(1))[0]),
  jacfwd: (f) => (x) => np.sum(jacfwd(f)(x)),
  jacrev: (f) => (x) => np.sum(jacrev(f)(x)),
  hessian: (f) => (x) => np.sum(hessian(f)(x)),
  vmap: (f) => (x) => np.sum(vmap(f)(np.stack([x, x]))),
  scan: (f) => (x) => np.sum(lax.scan((c: np.NDArray) => [c.add(f(c)), null], x, null, { length: 2 })[0]),
  makeJaxpr: (f) => (x) => {
    makeJaxpr(f)(x)
    return f(x)
  },
  evalShape: (f) => (x) => f(x).reshape(evalShape(f, x).shape),
  lower: (f) => (x) => {
    lower(f)(x).text('jaxpr')
    return f(x)
  },
}

class Theirs extends Error {}
/** What goes wrong at the bottom. */
const faults: Readonly<Record<string, (x: np.NDArray) => unknown>> = {
  'an error of the user': () => {
    throw new Theirs('theirs')
  },
  'what is no error': () => {
    throw 'text' // oxlint-disable-line no-throw-literal, only-throw-error -- what is tested
  },
  'a shape': (x) => x.add(np.ones([4])),
  'a dtype': (x) => np.bitwiseAnd(x, 1),
  'a Promise': (x) => Promise.resolve(x),
  'an iterator': (x) => [x][Symbol.iterator](),
  'no tree': () => new Date(),
}

test('traceDepth is 0 afterwards, and the same functions work once the fault is mended', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...Object.keys(wrappers)), { minLength: 1, maxLength: 4 }), fc.constantFrom(...Object.keys(faults)), (names, fault) => {
      let broken = true
      // The fault stands where the function is traced, so that mending it is seen at the next trace.
      const bottom: F = (x) => (broken ? (faults[fault]!(x) as np.NDArray) : np.sum(np.sin(x)))
      const f = names.reduce<F>((g, name) => wrappers[name]!(g), bottom)
      const x = np.array([1, 2, 3])
      let thrown: unknown = null
      try {
        f(x)
      } catch (e) {
        thrown = e
      }
      expect([traceDepth(), isStaging()]).toEqual([0, false])
      expect(thrown).not.toBeNull()
      if (fault === 'an error of the user') expect(thrown).toBeInstanceOf(Theirs)
      else if (fault === 'what is no error') expect(thrown).toBe('text')
      else {
        expect(thrown).toBeInstanceOf(PullbackError)
        expect((thrown as PullbackError).code).not.toBe('INTERNAL')
      }
      expect(x.add(1).js()).toEqual([2, 3, 4])
      broken = false
      const fresh = names.reduce<F>((g, name) => wrappers[name]!(g), (v) => np.sum(np.sin(v)))
      expect(f(x).shape).toEqual([])
      expect(f(x).item()).toBeCloseTo(fresh(x).item(), 4)
      expect([traceDepth(), isStaging()]).toEqual([0, false])
    }),
    { numRuns: numSlowRuns * 2 },
  )
})
