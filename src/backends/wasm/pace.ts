/**
 * Whether threads are worth it for a program, judged by the clock: estimates do not know that other processes use the same
 * cores, where a program on two threads may take many times as long as on one. Both ways give the same bits.
 */

/** Calls after which the other way is tried; then after twice as many, at most every `rarest`. */
const firstTrial = 8
const rarest = 512
/** A trial takes several calls of a short program, since the first ones find workers asleep; so do the first after a trial. */
const settling = 2
const trialOf = (milliseconds: number): number => (milliseconds < 1 ? 8 : 2)
/** Threads that have just woken may have one core for so long: a trial of them that is no worse by this factor goes on until then. */
const waking = 15
const clearlyWorse = 1.5
/** The other way has to be better by this factor. */
const margin = 1.1
/** How fast the judgement follows the clock; a pause of the process counts as a few calls at most. */
const smoothing = 0.2
const longestPause = 4

/** What is known of one program. */
export class Pace {
  /** Milliseconds of a call, by whether threads took part; 0: unknown. */
  readonly #time = { alone: 0, shared: 0 }
  #way: 'alone' | 'shared' = 'shared'
  #calls = 0
  #nextTrial = firstTrial
  #trialEnd = 0
  /** Milliseconds of the present trial. */
  #tried = 0

  /** Which way the next call goes. */
  next(): 'alone' | 'shared' {
    this.#calls++
    if (this.#calls === this.#nextTrial) {
      const other = this.#other()
      this.#time[other] = 0
      this.#tried = 0
      this.#trialEnd = this.#calls + trialOf(this.#time[this.#way])
      this.#nextTrial = this.#trialEnd + Math.min(2 * this.#calls, rarest)
    }
    return this.#calls < this.#trialEnd ? this.#other() : this.#way
  }

  /** A call went this way (which need not be the one asked for), and took so long. */
  took(way: 'alone' | 'shared', milliseconds: number): void {
    if (this.#trialEnd > 0 && this.#calls >= this.#trialEnd && this.#calls < this.#trialEnd + settling) return
    const old = this.#time[way]
    const trial = way !== this.#way
    // in a trial the least time counts, and in the first calls, when the engine has yet to optimise the code
    if (old === 0) this.#time[way] = milliseconds
    else if (trial || this.#calls < firstTrial) this.#time[way] = Math.min(old, milliseconds)
    else this.#time[way] = old + smoothing * (Math.min(milliseconds, longestPause * old) - old)
    if (this.#calls < this.#trialEnd - 1) return
    const other = this.#other()
    if (trial && way === 'shared' && this.#mayBeWaking(milliseconds)) {
      this.#trialEnd++
      this.#nextTrial++
      return
    }
    if (this.#time[other] > 0 && this.#time[this.#way] > margin * this.#time[other]) {
      this.#way = other
      // to be looked at again soon, in case it was a passing thing
      this.#nextTrial = this.#calls + 2 * firstTrial
    }
  }

  #mayBeWaking(milliseconds: number): boolean {
    this.#tried += milliseconds
    const { alone, shared } = this.#time
    return this.#tried < waking && shared * margin > alone && shared < clearlyWorse * alone
  }

  #other(): 'alone' | 'shared' {
    return this.#way === 'shared' ? 'alone' : 'shared'
  }
}
