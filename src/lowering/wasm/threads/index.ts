export { barrier } from './barrier.ts'
export { control, controlEnd, maxThreads } from './control.ts'
