/** What was traced, and why nothing traced before would do. */

export interface TraceRecord {
  /** The function's name. */
  readonly name: string
  /** Types of its arguments' leaves. */
  readonly signature: string
  /** Why it had to be traced. */
  readonly reason: string
  /** Equations of the program, those of programs inside counted as one. */
  readonly equations: number
}

/** Records kept; the oldest go first. */
const kept = 1000
const records: TraceRecord[] = []

export function recordTrace(record: TraceRecord): void {
  records.push(record)
  if (records.length > kept) records.shift()
}

export const traceRecords = (): readonly TraceRecord[] => [...records]
