/** Settings of backends in the environment. */
import { setting } from '#platform'
import { ArgumentError } from '../core/errors.ts'

/** A number in the environment, at least `least`; null: not set. */
export function numberSetting(operation: string, name: string, least: number): number | null {
  const text = setting(name)
  if (text === undefined || text === '') return null
  const value = Number(text)
  if (!Number.isInteger(value) || value < least) throw new ArgumentError(operation, `the environment variable ${name} is '${text}'; it takes an integer from ${least}`)
  return value
}
