// Instructions that touch memory or carry an immediate: [opcode, signature, bytes accessed (the natural alignment)].

export const memoryOps = {
  'i32.load': [0x28, 'i>i', 4],
  'i64.load': [0x29, 'i>l', 8],
  'i32.load8_s': [0x2c, 'i>i', 1],
  'i32.load8_u': [0x2d, 'i>i', 1],
  'i32.load16_s': [0x2e, 'i>i', 2],
  'i32.load16_u': [0x2f, 'i>i', 2],
  'i32.store': [0x36, 'ii>', 4],
  'i64.store': [0x37, 'il>', 8],
  'i32.store8': [0x3a, 'ii>', 1],
  'i32.store16': [0x3b, 'ii>', 2],
  'v128.load': [0xfd00, 'i>v', 16],
  'v128.load16x4_s': [0xfd03, 'i>v', 8],
  'v128.load16x4_u': [0xfd04, 'i>v', 8],
  'v128.load8_splat': [0xfd07, 'i>v', 1],
  'v128.load16_splat': [0xfd08, 'i>v', 2],
  'v128.load32_splat': [0xfd09, 'i>v', 4],
  'v128.load64_splat': [0xfd0a, 'i>v', 8],
  'v128.store': [0xfd0b, 'iv>', 16],
  'v128.load32_zero': [0xfd5c, 'i>v', 4],
  'v128.load64_zero': [0xfd5d, 'i>v', 8],
  // atomics demand their natural alignment
  'memory.atomic.notify': [0xfe00, 'ii>i', 4],
  'memory.atomic.wait32': [0xfe01, 'iil>i', 4],
  'i32.atomic.load': [0xfe10, 'i>i', 4],
  'i32.atomic.store': [0xfe17, 'ii>', 4],
  'i32.atomic.rmw.add': [0xfe1e, 'ii>i', 4],
  'i32.atomic.rmw.sub': [0xfe25, 'ii>i', 4],
} as const

/** Loads and stores of one lane of a vector: a memory argument, then the lane. */
export const memoryLaneOps = {
  'v128.load8_lane': [0xfd54, 'iv>v', 1],
  'v128.load16_lane': [0xfd55, 'iv>v', 2],
  'v128.load32_lane': [0xfd56, 'iv>v', 4],
  'v128.load64_lane': [0xfd57, 'iv>v', 8],
  'v128.store8_lane': [0xfd58, 'iv>', 1],
  'v128.store16_lane': [0xfd59, 'iv>', 2],
  'v128.store32_lane': [0xfd5a, 'iv>', 4],
  'v128.store64_lane': [0xfd5b, 'iv>', 8],
} as const

/** One lane out of, or into, a vector: [opcode, signature, number of lanes]. */
export const laneOps = {
  'i32x4.extract_lane': [0xfd1b, 'v>i', 4],
  'i32x4.replace_lane': [0xfd1c, 'vi>v', 4],
  'i64x2.replace_lane': [0xfd1e, 'vl>v', 2],
  'f32x4.extract_lane': [0xfd1f, 'v>f', 4],
  'f32x4.replace_lane': [0xfd20, 'vf>v', 4],
  'f64x2.extract_lane': [0xfd21, 'v>d', 2],
  'f64x2.replace_lane': [0xfd22, 'vd>v', 2],
} as const

/** Instructions that name the memory itself: [opcode, signature, number of zero bytes that follow]. */
export const bulkOps = {
  'memory.size': [0x3f, '>i', 1],
  'memory.grow': [0x40, 'i>i', 1],
  'memory.copy': [0xfc0a, 'iii>', 2],
  'memory.fill': [0xfc0b, 'iii>', 1],
  'atomic.fence': [0xfe03, '>', 1],
} as const

/** Control, variables and constants: their types depend on the immediate, so the builder checks them itself. */
export const immediateOps = {
  'unreachable': [0x00, 'none'],
  'return': [0x0f, 'none'],
  'drop': [0x1a, 'none'],
  'select': [0x1b, 'none'],
  'block': [0x02, 'block'],
  'loop': [0x03, 'block'],
  'if': [0x04, 'block'],
  'else': [0x05, 'none'],
  'end': [0x0b, 'none'],
  'br': [0x0c, 'index'],
  'br_if': [0x0d, 'index'],
  'br_table': [0x0e, 'table'],
  'call': [0x10, 'function'],
  'local.get': [0x20, 'local'],
  'local.set': [0x21, 'local'],
  'local.tee': [0x22, 'local'],
  'i32.const': [0x41, 'i32'],
  'i64.const': [0x42, 'i64'],
  'f32.const': [0x43, 'f32'],
  'f64.const': [0x44, 'f64'],
  'v128.const': [0xfd0c, 'bytes'],
  'i8x16.shuffle': [0xfd0d, 'bytes'],
} as const
