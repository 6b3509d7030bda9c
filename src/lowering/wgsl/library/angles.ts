/** Functions of angles, and angles of sides. Arguments are reduced after Cody & Waite, and Payne & Hanek from 4096 on; arcus functions are after Cephes (Moshier), in float32. */
import { poly } from './poly.ts'

export const angles: Readonly<Record<string, string>> = {
  mul_high: `fn mul_high(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu; let ah = a >> 16u; let bl = b & 0xffffu; let bh = b >> 16u;
  let mid = ah * bl + ((al * bl) >> 16u);
  let low = (mid & 0xffffu) + al * bh;
  return ah * bh + (mid >> 16u) + (low >> 16u);
}`,
  // 1 / 2π in words of 32 bits, after a word of zeros.
  turns_per_radian: `const turns_per_radian = array<u32, 8>(0u, 0x28be60dbu, 0x9391054au, 0x7f09d5f4u, 0x7d4d3770u, 0x36d8a566u, 0x4f10e410u, 0x7f9458eau);`,
  // r in [-π/4, π/4] and the quadrant of x, by 96 bits of 1 / 2π from where x's exponent says.
  reduce_large: `fn reduce_large(x: f32) -> vec2<f32> {
  let bits = bitcast<u32>(x);
  let exponent = (bits >> 23u) & 0xffu;
  let mantissa = ((bits & 0x7fffffu) | 0x800000u) << 8u;
  let at = exponent - 126u;
  let word = at >> 5u;
  let shift = at & 31u;
  var w = array<u32, 3>(0u, 0u, 0u);
  for (var i = 0u; i < 3u; i++) {
    let next = turns_per_radian[min(word + i + 1u, 7u)];
    w[i] = select((turns_per_radian[word + i] << shift) | (next >> (32u - shift)), turns_per_radian[word + i], shift == 0u);
  }
  // The fraction of x / 2π in units of 2^-64: two bits of quadrant, then the rest.
  let low = mul_high(mantissa, w[2]);
  let middle = mantissa * w[1];
  let fraction_low = middle + low;
  let carry = select(0u, 1u, fraction_low < low);
  let fraction_high = mantissa * w[0] + mul_high(mantissa, w[1]) + carry;
  var quadrant = fraction_high >> 30u;
  var high = (fraction_high << 2u) | (fraction_low >> 30u);
  var rest = fraction_low << 2u;
  var negative = false;
  if ((high & 0x80000000u) != 0u) {
    quadrant++;
    negative = true;
    high = ~high;
    rest = ~rest;
  }
  let r = (f32(high) * 2.3283064365386963e-10f + f32(rest) * 5.421010862427522e-20f) * 1.57079632679f;
  let flip = negative != (x < 0.0f);
  let turns = select(quadrant, 0u - quadrant, x < 0.0f) & 3u;
  return vec2<f32>(select(r, -r, flip), f32(turns));
}`,
  reduce_angle: `fn reduce_angle(x: f32) -> vec2<f32> {
  if (abs(x) >= 4096.0f) { return reduce_large(x); }
  let n = round(x * 0.636619772f);
  let r = ((x - n * 1.5703125f) - n * 4.83751297e-4f) - n * 7.54978995489e-8f;
  return vec2<f32>(r, f32(i32(n) & 3i));
}`,
  sin_near: `fn sin_near(r: f32) -> f32 { let z = r * r; return r + r * z * ${poly('z', [-0.16666655242443085, 0.008332176133990288, -0.00019516974862199277])}; }`,
  cos_near: `fn cos_near(r: f32) -> f32 { let z = r * r; return (1.0f - 0.5f * z) + z * z * ${poly('z', [0.04166664555668831, -0.0013887364184483886, 2.4438088075839914e-5])}; }`,
  sin_f: `fn sin_f(x: f32) -> f32 {
  let a = reduce_angle(x);
  let quadrant = u32(a.y);
  let v = select(sin_near(a.x), cos_near(a.x), (quadrant & 1u) == 1u);
  return select(select(select(v, -v, quadrant >= 2u), x, x == 0.0f), nan_f(), !is_finite(x));
}`,
  cos_f: `fn cos_f(x: f32) -> f32 {
  let a = reduce_angle(x);
  let quadrant = u32(a.y);
  let v = select(cos_near(a.x), sin_near(a.x), (quadrant & 1u) == 1u);
  return select(select(v, -v, (quadrant == 1u) | (quadrant == 2u)), nan_f(), !is_finite(x));
}`,
  tan_f: `fn tan_f(x: f32) -> f32 {
  let a = reduce_angle(x);
  let s = sin_near(a.x);
  let c = cos_near(a.x);
  return select(select(select(s / c, -c / s, (u32(a.y) & 1u) == 1u), x, x == 0.0f), nan_f(), !is_finite(x));
}`,
  asin_near: `fn asin_near(x: f32) -> f32 { let z = x * x; return x + x * z * ${poly('z', [0.16666752422, 0.074953002686, 0.045470025998, 0.024181311049, 0.042163199048])}; }`,
  asin_f: `fn asin_f(x: f32) -> f32 {
  let a = abs(x);
  let inner = a <= 0.5f;
  let near = asin_near(select(sqrt(0.5f * (1.0f - a)), a, inner));
  return select(nan_f(), with_sign(select(1.57079632679f - 2.0f * near, near, inner), x), a <= 1.0f);
}`,
  acos_f: `fn acos_f(x: f32) -> f32 {
  let a = abs(x);
  let inner = a <= 0.5f;
  let near = asin_near(select(sqrt(0.5f * (1.0f - a)), x, inner));
  let outer = select(2.0f * near, 3.14159265359f - 2.0f * near, x < 0.0f);
  return select(nan_f(), select(outer, 1.57079632679f - near, inner), a <= 1.0f);
}`,
  atan_f: `fn atan_f(x: f32) -> f32 {
  let a = abs(x);
  let far = a > 2.414213562373095f;
  let middle = a > 0.4142135623730950f;
  let base = select(select(0.0f, 0.785398163397f, middle), 1.57079632679f, far);
  let t = select(select(a, (a - 1.0f) / (a + 1.0f), middle), -1.0f / a, far);
  let z = t * t;
  return select(with_sign(base + (t + t * z * ${poly('z', [-0.333329491539, 0.199777106478, -0.138776856032, 0.0805374449538])}), x), x, is_nan(x));
}`,
  atan2_f: `fn atan2_f(y: f32, x: f32) -> f32 {
  if (is_nan(x) || is_nan(y)) { return nan_f(); }
  let left = (bitcast<u32>(x) & 0x80000000u) != 0u;
  var angle = 0.0f;
  if (y == 0.0f) { angle = 0.0f; }
  else if (x == 0.0f) { return with_sign(1.57079632679f, y); }
  else if (!is_finite(x) && !is_finite(y)) { angle = 0.785398163397f; }
  else { angle = atan_f(abs(y) / abs(x)); }
  return with_sign(select(angle, 3.14159265359f - angle, left), y);
}`,
}
