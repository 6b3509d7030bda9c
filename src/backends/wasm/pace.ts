/**
 * Whether threads are worth it for a program, judged by the clock: estimates do not know that other processes use the same
 * cores, where a program on two threads may take many times as long as on one. Both ways give the same bits.
 */

/** Calls after which the other way is tried; then after twice as many, at most every `rarest`. */
const firstTrial = 8
const rarest = 512
/** Calls from a change of the way to the next trial. */
const soon = 16
/** A trial takes several calls of a short program, since the first ones find workers asleep; so do the first after a trial. */
const settling = 2
const trialOf = (milliseconds: number): number => (milliseconds < 1 ? 8 : 2)
/** Threads that have just woken may have one core for so long: a trial of them that is no worse by this factor goes on until then. */
const waking = 15
const clearlyWorse = 2.5
/** The other way has to be better by this factor. */
const margin = 1.1
/** The way in use is worth the lower median of so many calls: the few slow ones after a sleep, or a pause of the process, do not count. */
const lately = 8

/** What is known of one program. */
export class Pace {
  /** Milliseconds of a call, by whether threads took part; 0: unknown. */
  readonly #time = { alone: 0, shared: 0 }
  #way: 'alone' | 'shared' = 'shared'
  #calls = 0
  #nextTrial = firstTrial
  #trialEnd = 0
  /** When the way changed last, and how long it stays at least. */
  #changed = -rarest
  #wait = soon
  /** Milliseconds of the present trial. */
  #tried = 0
  /** Those of the last calls of the way in use, the oldest at `#oldest`. */
  readonly #recent = new Float64Array(lately)
  #oldest = 0
  readonly #sorted = new Float64Array(lately)

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
    else {
      this.#recent[this.#oldest] = milliseconds
      this.#oldest = (this.#oldest + 1) % lately
      this.#sorted.set(this.#recent)
      this.#time[way] = this.#sorted.sort()[lately / 2 - 1]!
    }
    if (this.#calls < firstTrial) this.#recent.fill(this.#time[way])
    if (this.#calls < this.#trialEnd - 1) return
    const other = this.#other()
    if (trial && way === 'shared' && this.#mayBeWaking(milliseconds)) {
      this.#trialEnd++
      this.#nextTrial++
      return
    }
    if (this.#time[other] > 0 && this.#time[this.#way] > margin * this.#time[other]) {
      this.#way = other
      this.#recent.fill(this.#time[other])
      // to be looked at again soon, in case it was a passing thing; later and later where that goes to and fro
      this.#wait = this.#calls > this.#changed + 2 * this.#wait ? soon : Math.min(2 * this.#wait, rarest)
      this.#changed = this.#calls
      this.#nextTrial = this.#calls + this.#wait
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
