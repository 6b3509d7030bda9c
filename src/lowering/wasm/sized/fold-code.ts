/** The code of reductions whose sizes are read at run time: one function a phase, and functions that fold one point or a few. */
import { dtypeInfo } from '../../../core/dtype.ts'
import { mapTuple } from '../../../core/map-tuple.ts'
import type { Accumulator } from '../../kernel-ir/index.ts'
import { type FunctionBuilder, type FunctionRef, type Local, ModuleBuilder } from '../asm/index.ts'
import { convert, finishAcross, finishLanes, flush, type LaneContext, type Lanes, loadContiguous, loadLanes, needsTotals, reduceStep, type Running, startReduction, storeContiguous, type Value } from '../lanes/index.ts'
import { createHelpers } from '../math/index.ts'
import { barrier } from '../threads/index.ts'
import { columnVectors, type FoldField, foldFields, foldFlags, type FoldVariant } from './fold-plan.ts'

const offsetOf = (field: FoldField): number => 4 * foldFields.indexOf(field)

/** `run(threadId, threadCount, args)`: `args` points to the addresses of scratch memory, operand and result, then the fields of each phase. */
export function emitFold(variants: readonly FoldVariant[], shared: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ hoist: true })
  module.importMemory('env', 'memory', shared ? { min: 0, max: 65536, shared } : { min: 0 })
  const run = module.function('run', ['i32', 'i32', 'i32'])
  module.export('run', run)
  const [self, count, args] = [run.param(0), run.param(1), run.param(2)]
  const [fields, share, begin, end] = [run.local('i32', 'fields'), run.local('i32', 'share'), run.local('i32', 'begin'), run.local('i32', 'end')]
  run.get(args).i32(12).emit('i32.add').set(fields)
  for (const [i, v] of variants.entries()) {
    const fn = phaseFunction(module, `phase${i}`, v)
    const units = (): FunctionBuilder => run.get(fields).mem('i32.load', offsetOf('units'))
    units().get(count).emit('i32.add').i32(1).emit('i32.sub').get(count).emit('i32.div_u').set(share)
    for (const [more, bound] of [[0, begin], [1, end]] as const) {
      run.get(self).i32(more).emit('i32.add').get(share).emit('i32.mul').tee(bound)
      units().get(bound)
      units().emit('i32.lt_u').select().set(bound)
    }
    run.get(begin).get(end)
    run.get(args).mem('i32.load', v.first ? 4 : 0).get(fields).mem('i32.load', offsetOf('from')).emit('i32.add')
    run.get(args).mem('i32.load', v.last ? 8 : 0).get(fields).mem('i32.load', offsetOf('to')).emit('i32.add')
    run.get(fields).call(fn)
    run.get(fields).i32(4 * foldFields.length).emit('i32.add').set(fields)
    // The next phase may read what any thread has written.
    if (shared && i + 1 < variants.length) run.get(self).get(count).call(barrier(module))
  }
  return module.toBytes()
}

/** `(begin, end, from, to, fields)`: units are points of the result, or blocks of neighbouring ones. */
function phaseFunction(module: ModuleBuilder, name: string, v: FoldVariant): FunctionRef {
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32'])
  const [begin, end, from, to, fields] = mapTuple([0, 1, 2, 3, 4], (i) => fn.param(i))
  const field = fieldsOf(fn, fields)
  const [unit, left, address, target, quotient] = [fn.local('i32', 'unit'), fn.local('i32', 'left'), fn.local('i32', 'address'), fn.local('i32', 'target'), fn.local('i32', 'quotient')]
  const bytes = dtypeInfo[v.stores].bytes
  /** Takes the digit of an axis off `left`, and moves the address by so many strides; most axes have one element. */
  const digit = (size: Local, stride: Local): void => {
    fn.get(size).i32(1).emit('i32.ne').if(() => {
      fn.get(left).get(size).emit('i32.div_u').set(quotient)
      fn.get(address).get(left).get(quotient).get(size).emit('i32.mul').emit('i32.sub').get(stride).emit('i32.mul').emit('i32.add').set(address)
      fn.get(quotient).set(left)
    })
  }
  const axes = [[field('size2'), field('stride2')], [field('size1'), field('stride1')]] as const
  const stride0 = field('stride0')
  const point = (): void => {
    fn.get(from).set(address)
    for (const [size, stride] of axes) digit(size, stride)
    fn.get(address).get(left).get(stride0).emit('i32.mul').emit('i32.add').set(address)
  }
  if (v.across) {
    const fold = acrossFunction(module, `${name}_fold`, v)
    fn.forLoop(unit, begin, end, 1, () => {
      fn.get(unit).set(left)
      point()
      fn.get(address)
      fn.get(to).get(unit).i32(bytes).emit('i32.mul').emit('i32.add').get(fields).call(fold)
    })
    return fn
  }
  const vectors = columnVectors(v.from)
  const fold = new Map([4 * vectors, 4, 3, 2, 1].map((columns) => [columns, columnFunction(module, `${name}_fold${columns}`, v, columns)]))
  const [columns, blocks, columnStride] = [field('columns'), field('columnBlocks'), field('columnStride')]
  const start = fn.local('i32', 'start')
  const call = (count: number): void => {
    fn.get(address).get(target).get(fields).call(fold.get(count)!)
    fn.get(address).get(columnStride).i32(count).emit('i32.mul').emit('i32.add').set(address)
    fn.get(target).i32(count * bytes).emit('i32.add').set(target)
    fn.get(start).i32(count).emit('i32.sub').set(start)
  }
  fn.forLoop(unit, begin, end, 1, () => {
    fn.get(unit).get(blocks).emit('i32.div_u').set(left)
    fn.get(unit).get(left).get(blocks).emit('i32.mul').emit('i32.sub').i32(4 * vectors).emit('i32.mul').set(start)
    fn.get(to).get(left).get(columns).emit('i32.mul').get(start).emit('i32.add').i32(bytes).emit('i32.mul').emit('i32.add').set(target)
    point()
    fn.get(address).get(start).get(columnStride).emit('i32.mul').emit('i32.add').set(address)
    // columns that are left of the row
    fn.get(columns).get(start).emit('i32.sub').set(start)
    fn.get(start).i32(4 * vectors).emit('i32.ge_u').if(
      () => call(4 * vectors),
      () => {
        fn.block((done) => {
          fn.loop((again) => {
            fn.get(start).i32(4).emit('i32.lt_u').brIf(done)
            call(4)
            fn.br(again)
          })
        })
        for (const count of [3, 2, 1]) fn.get(start).i32(count).emit('i32.eq').if(() => call(count))
      },
    )
  })
  return fn
}

const fieldsOf = (fn: FunctionBuilder, fields: Local) => (name: FoldField): Local => {
  const local = fn.local('i32', name)
  fn.get(fields).mem('i32.load', offsetOf(name)).set(local)
  return local
}

const accumulatorOf = (v: FoldVariant): Accumulator => ({ combine: v.combine, dtype: v.to, node: 0, position: null })

/** The loops of a reduction around its innermost one, which `inner` emits; `address` is where it begins. */
function outerLoops(fn: FunctionBuilder, field: (name: FoldField) => Local, flags: Local, from: Local, end: (() => void) | null, inner: (address: Local) => void): void {
  const every = end === null ? null : field('outerEvery')
  const axis = (number: 0 | 1, at: Local, body: (address: Local) => void): void => {
    const [count, step] = number === 0 ? [field('count0'), field('step0')] : [field('count1'), field('step1')]
    const [i, address] = [fn.local('i32', 'i'), fn.local('i32', 'at')]
    fn.get(at).set(address)
    fn.forLoop(i, 0, count, 1, () => {
      body(address)
      fn.get(address).get(step).emit('i32.add').set(address)
      if (end === null || every === null) return
      fn.get(flags).i32(number === 0 ? foldFlags.outer0 : foldFlags.outer1).emit('i32.and').if(() => {
        fn.get(i).i32(1).emit('i32.add').get(every).emit('i32.rem_u').emit('i32.eqz')
        fn.get(i).i32(1).emit('i32.add').get(count).emit('i32.eq').emit('i32.or').if(end)
      })
    })
  }
  axis(0, from, (outer) => axis(1, outer, inner))
}

/** Steps of the innermost loop, in blocks. */
function steps(fn: FunctionBuilder, field: (name: FoldField) => Local, flags: Local, end: (() => void) | null, step: () => void): void {
  const [count, at] = [field('steps'), fn.local('i32', 'step')]
  if (end === null) return void fn.forLoop(at, 0, count, 1, step)
  const [every, stop] = [field('every'), fn.local('i32', 'stop')]
  fn.get(count).if(() => {
    fn.i32(0).set(at).loop((again) => {
      fn.get(at).get(every).emit('i32.add').tee(stop).get(count).get(stop).get(count).emit('i32.lt_u').select().set(stop)
      fn.loop((head) => {
        step()
        fn.get(at).i32(1).emit('i32.add').tee(at).get(stop).emit('i32.lt_u').brIf(head)
      })
      fn.get(flags).i32(foldFlags.inner).emit('i32.and').if(end)
      fn.get(at).get(count).emit('i32.lt_u').brIf(again)
    })
  })
}

/** With totals or, where a reduction is too short to need them, without. */
function finish(fn: FunctionBuilder, r: Running, flags: Local, store: (r: Running) => void): void {
  if (r.totals.length === 0) return store(r)
  fn.get(flags).i32(foldFlags.long).emit('i32.and').if(
    () => fn.scope(() => store(r)),
    () => fn.scope(() => store({ ...r, totals: [] })),
  )
}

/** `(from, to, fields)`: one element of the result. */
function acrossFunction(module: ModuleBuilder, name: string, v: FoldVariant): FunctionRef {
  const fn = module.function(name, ['i32', 'i32', 'i32'])
  const [from, to, fields] = [fn.param(0), fn.param(1), fn.param(2)]
  const c: LaneContext = { fn, helpers: createHelpers(module) }
  const field = fieldsOf(fn, fields)
  const [flags, stepBytes, forkBytes, restAt, restVectors, restLanes, laneBytes] = [field('flags'), field('stepBytes'), field('forkBytes'), field('restAt'), field('restVectors'), field('restLanes'), field('laneBytes')]
  const accumulator = accumulatorOf(v)
  const r = startReduction(c, accumulator, v.from, v.forks, needsTotals(accumulator, v.from), { long: true })
  const end = r.totals.length > 0 ? (): void => fn.scope(() => flush(c, r)) && undefined : null
  const take = (address: Local, fork: number, lanes: Lanes): void => void fn.scope(() => reduceStep(c, r, fork, load(fn, v, lanes, address, laneBytes), null, lanes, 'any'))
  const places = Array.from({ length: v.forks }, (_, fork) => fn.local('i32', `fork${fork}`))
  const rest = fn.local('i32', 'rest')
  outerLoops(fn, field, flags, from, end, (address) => {
    places.forEach((place, fork) => (fork === 0 ? fn.get(address) : fn.get(places[fork - 1]!).get(forkBytes).emit('i32.add')).set(place))
    steps(fn, field, flags, end, () => {
      places.forEach((place, fork) => {
        take(place, fork, 4)
        fn.get(place).get(stepBytes).emit('i32.add').set(place)
      })
    })
    fn.get(address).get(restAt).emit('i32.add').set(rest)
    for (let fork = 0; fork < v.forks - 1; fork++) {
      fn.get(restVectors).i32(fork).emit('i32.gt_u').if(() => {
        take(rest, fork, 4)
        fn.get(rest).get(laneBytes).i32(4).emit('i32.mul').emit('i32.add').set(rest)
      })
    }
    for (const lanes of [1, 2, 3] as const) fn.get(restLanes).i32(lanes).emit('i32.eq').if(() => take(rest, 0, lanes))
  })
  finish(fn, r, flags, (running) => storeContiguous(fn, v.stores, 1, { local: to, offset: 0 }, convert(fn, v.to, v.stores, finishAcross(c, running))))
  return fn
}

/** `(from, to, fields)`: `columns` neighbouring elements of the result. */
function columnFunction(module: ModuleBuilder, name: string, v: FoldVariant, columns: number): FunctionRef {
  const fn = module.function(name, ['i32', 'i32', 'i32'])
  const [from, to, fields] = [fn.param(0), fn.param(1), fn.param(2)]
  const c: LaneContext = { fn, helpers: createHelpers(module) }
  const field = fieldsOf(fn, fields)
  const [flags, stepBytes, laneBytes] = [field('flags'), field('stepBytes'), field('laneBytes')]
  const vectors = Math.ceil(columns / 4)
  const lanes = columns < 4 ? (columns as Lanes) : 4 // 1, 2 or 3
  const accumulator = accumulatorOf(v)
  const r = startReduction(c, accumulator, v.from, vectors, needsTotals(accumulator, v.from), { long: true })
  const end = r.totals.length > 0 ? (): void => fn.scope(() => flush(c, r)) && undefined : null
  const row = fn.local('i32', 'row')
  const place = fn.local('i32', 'place')
  outerLoops(fn, field, flags, from, end, (address) => {
    fn.get(address).set(row)
    steps(fn, field, flags, end, () => {
      for (let vector = 0; vector < vectors; vector++) {
        fn.scope(() => {
          let value: Value
          if (v.contiguous) value = convert(fn, v.loads, v.from, loadContiguous(fn, v.loads, lanes, { local: row, offset: vector * 4 * dtypeInfo[v.loads].bytes }))
          else {
            if (vector === 0) fn.get(row).set(place)
            else fn.get(place).get(laneBytes).i32(4).emit('i32.mul').emit('i32.add').set(place)
            value = load(fn, v, lanes, place, laneBytes)
          }
          reduceStep(c, r, vector, value, null, 4, 'any')
        })
      }
      fn.get(row).get(stepBytes).emit('i32.add').set(row)
    })
  })
  finish(fn, r, flags, (running) => {
    finishLanes(c, running).forEach((value, vector) => storeContiguous(fn, v.stores, lanes, { local: to, offset: vector * 4 * dtypeInfo[v.stores].bytes }, convert(fn, v.to, v.stores, value)))
  })
  return fn
}

/** Elements that lie side by side, or `laneBytes` apart. */
function load(fn: FunctionBuilder, v: FoldVariant, lanes: Lanes, address: Local, laneBytes: Local): Value {
  if (v.contiguous) return convert(fn, v.loads, v.from, loadContiguous(fn, v.loads, lanes, { local: address, offset: 0 }))
  const at = fn.local('i32', 'lane')
  const value = loadLanes(fn, v.loads, lanes, 0, (lane, read) => {
    ;(lane === 0 ? fn.get(address) : fn.get(at).get(laneBytes).emit('i32.add')).set(at)
    read({ local: at, offset: 0 })
  })
  return convert(fn, v.loads, v.from, value)
}
