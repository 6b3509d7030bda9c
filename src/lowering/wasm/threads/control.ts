/**
 * The control words of a memory that threads share: byte addresses, each on a cache line of its own. They lie at the same
 * place in every memory, so that generated code has them as constants.
 */

/** Threads of one program at most. */
export const maxThreads = 32

const line = 64
/** The byte address of word `word` of cache line `number`. */
const at = (number: number, word = 0): number => line * number + 4 * word

interface Control {
  /** Counts commands: workers wait for it to change. */
  readonly sequence: number
  /** What to do: 0 run, 1 install, 2 leave; with which program, how many threads, which argument (or bytes, and how many). */
  readonly command: number
  readonly slot: number
  readonly threads: number
  readonly argument: number
  readonly length: number
  /** Workers asleep between commands. */
  readonly idle: number
  /** Workers that have finished the command. */
  readonly done: number
  /** Not 0 while the first thread sleeps until `done` changes. */
  readonly awaited: number
  /** Threads asleep at a barrier. */
  readonly sleepers: number
  /** Not 0 once a thread has trapped: barriers trap as well then. */
  readonly abort: number
  /** Not 0 where the first thread may sleep: everywhere but on a page's main thread. */
  readonly firstMaySleep: number
  /** Workers that are up, of the pool with number `generation`. */
  readonly ready: number
  readonly generation: number
  /** What went wrong in a worker: the number of characters, then one a word, up to `messageLength`. */
  readonly message: number
  readonly messageLength: number
  /** The last barrier that thread 0 has come to; the others' follow a line apart. */
  readonly arrived: number
  /** How many units of its own share of a phase each thread, or whoever helped it, has taken; a line each, then once more for every other phase. */
  readonly claimed: number
}

export const control: Control = {
  sequence: at(1),
  command: at(2),
  slot: at(2, 1),
  threads: at(2, 2),
  argument: at(2, 3),
  length: at(2, 4),
  idle: at(3),
  done: at(4),
  awaited: at(5),
  sleepers: at(6),
  abort: at(7),
  firstMaySleep: at(8),
  ready: at(9),
  generation: at(9, 1),
  message: at(10),
  messageLength: 127,
  arrived: at(18),
  claimed: at(18 + maxThreads),
}

export const arrivedAt = (thread: number): number => control.arrived + line * thread

/** How far apart a thread's two words of `claimed` are. */
export const otherClaims: number = line * maxThreads

/** Where the control words end and memory for programs begins. */
export const controlEnd: number = control.claimed + 2 * otherClaims
