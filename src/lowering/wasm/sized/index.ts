export { type SizedForm, sizedForm } from './form.ts'
