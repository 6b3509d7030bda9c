/** Numbers as they are: what is none, signs, the larger and the smaller, whole numbers and conversions. */

export const numbers: Readonly<Record<string, string>> = {
  floor_div: `fn floor_div(a: i32, b: i32) -> i32 { let q = a / b; return select(q, q - 1i, q * b > a); }`,
  floor_mod: `fn floor_mod(a: i32, b: i32) -> i32 { let r = a % b; return select(r, r + b, r < 0i); }`,
  // By its bits: a compiler may take x != x for false.
  is_nan: `fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }`,
  is_finite: `fn is_finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }`,
  nan_f: `fn nan_f() -> f32 { return bitcast<f32>(0x7fc00000u | zero); }`,
  inf_f: `fn inf_f() -> f32 { return bitcast<f32>(0x7f800000u | zero); }`,
  // A value of which the compiler knows nothing: it may take (1 + x) - 1 for x otherwise.
  opaque: `fn opaque(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) | zero); }`,
  // NaN wins; of two zeros +0 is the larger.
  max_f: `fn max_f(x: f32, y: f32) -> f32 {
  let larger = select(select(y, x, x > y), bitcast<f32>(bitcast<u32>(x) & bitcast<u32>(y)), x == y);
  return select(select(larger, y, is_nan(y)), x, is_nan(x));
}`,
  min_f: `fn min_f(x: f32, y: f32) -> f32 {
  let smaller = select(select(y, x, x < y), bitcast<f32>(bitcast<u32>(x) | bitcast<u32>(y)), x == y);
  return select(select(smaller, y, is_nan(y)), x, is_nan(x));
}`,
  with_sign: `fn with_sign(magnitude: f32, sign_of: f32) -> f32 { return bitcast<f32>((bitcast<u32>(magnitude) & 0x7fffffffu) | (bitcast<u32>(sign_of) & 0x80000000u)); }`,
  sign_f: `fn sign_f(x: f32) -> f32 { return select(with_sign(1.0f, x), x, is_nan(x) | (x == 0.0f)); }`,
  round_away: `fn round_away(x: f32) -> f32 { let t = trunc(x); return select(t, t + with_sign(1.0f, x), abs(x - t) >= 0.5f); }`,
  rem_f: `fn rem_f(x: f32, y: f32) -> f32 {
  if (is_nan(x) || is_nan(y) || !is_finite(x) || y == 0.0f) { return nan_f(); }
  if (!is_finite(y)) { return x; }
  // Long division: the largest power of two times y that fits goes off until less than y is left; every step is exact.
  var r = abs(x);
  let d = abs(y);
  while (r >= d) {
    var t = d;
    while (t * 2.0f <= r) { t = t * 2.0f; }
    r = r - t;
  }
  return with_sign(r, x);
}`,
  next_after: `fn next_after(x: f32, y: f32) -> f32 {
  if (is_nan(x) || is_nan(y)) { return nan_f(); }
  if (x == y) { return y; }
  if (x == 0.0f) { return bitcast<f32>((bitcast<u32>(y) & 0x80000000u) | 1u); }
  let away = (x < y) == (x > 0.0f);
  return bitcast<f32>(select(bitcast<u32>(x) - 1u, bitcast<u32>(x) + 1u, away));
}`,
  // Orders as the numbers do, NaN behind all: a set sign bit means that the others count downwards. Where zeros are equal, -0 is +0.
  sort_key: `fn sort_key(x: f32, equal_zeros: bool) -> u32 {
  var bits = bitcast<u32>(x);
  if (is_nan(x)) { return 0xffffffffu; }
  if (equal_zeros && bits == 0x80000000u) { bits = 0u; }
  return select(bits ^ 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}`,
  div_i: `fn div_i(x: i32, y: i32) -> i32 { return select(x / select(y, 1i, y == 0i), -1i, y == 0i); }`,
  div_u: `fn div_u(x: u32, y: u32) -> u32 { return select(x / select(y, 1u, y == 0u), 0xffffffffu, y == 0u); }`,
  rem_i: `fn rem_i(x: i32, y: i32) -> i32 { return select(x % select(y, 1i, y == 0i), x, y == 0i); }`,
  rem_u: `fn rem_u(x: u32, y: u32) -> u32 { return select(x % select(y, 1u, y == 0u), x, y == 0u); }`,
  // Truncates, saturates, and takes NaN to 0.
  f_to_i: `fn f_to_i(x: f32, low: i32, high: i32) -> i32 {
  return select(select(select(i32(x), low, x <= f32(low)), high, x >= f32(high)), 0i, is_nan(x));
}`,
  f_to_u: `fn f_to_u(x: f32, high: u32) -> u32 {
  return select(select(u32(x), high, x >= f32(high)), 0u, is_nan(x) | (x <= 0.0f));
}`,
}
