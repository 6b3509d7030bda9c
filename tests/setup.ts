/** Every property starts where `scale.ts` says: the same programs in every run, unless a run asks for others. */
import fc from 'fast-check'
import { seed } from './scale.ts'

if (seed !== null) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed })
