/** Scratch memory of a contraction. */

/** Memory of the program's arena: the thread's own, or of all. */
export interface ScratchPart {
  readonly own: boolean
  readonly offset: number
}

/** Parts of scratch memory as they are given out. */
export class Areas {
  ownBytes = 0
  sharedBytes = 0
  take(area: 'own' | 'shared', bytes: number): ScratchPart {
    const total = `${area}Bytes` as const
    const offset = this[total]
    this[total] += Math.ceil(bytes / 64) * 64
    return { own: area === 'own', offset }
  }
}
