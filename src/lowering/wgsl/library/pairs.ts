/**
 * Numbers of twice the digits: the unevaluated sum of two float32, the second within half a unit of the first (Dekker 1971). What is rounded is kept from
 * compilers, which may take (a + b) - a for b; halves of numbers are cut by their bits, so products of halves are exact.
 */

export const pairs: Readonly<Record<string, string>> = {
  // a + b, |a| >= |b| or a = 0.
  sum_pair: `fn sum_pair(a: f32, b: f32) -> vec2<f32> { let s = opaque(a + b); return vec2<f32>(s, b - opaque(s - a)); }`,
  upper_half: `fn upper_half(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u); }`,
  product_pair: `fn product_pair(a: f32, b: f32) -> vec2<f32> {
  let p = opaque(a * b);
  let ah = upper_half(a); let al = a - ah; let bh = upper_half(b); let bl = b - bh;
  return vec2<f32>(p, ((ah * bh - p) + ah * bl + al * bh) + al * bl);
}`,
  times: `fn times(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
  let p = product_pair(a.x, b.x);
  return sum_pair(p.x, p.y + (a.x * b.y + a.y * b.x));
}`,
  // The second number takes what the sum of the first ones has lost (Knuth's sum of two, Neumaier's of many); it may be of any size.
  add_pairs: `fn add_pairs(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
  let s = opaque(a.x + b.x);
  let c = opaque(s - a.x);
  let lost = (a.x - opaque(s - c)) + (b.x - c);
  return vec2<f32>(s, select(0.0f, a.y + b.y + lost, is_finite(s)));
}`,
}
