/** Error and gamma functions. erf, erfInv and digamma around its zero use polynomials of tests/oracle/math/fit.py, erfc is after Cephes (Moshier); lgamma and digamma elsewhere are after DLMF 5.7 and 5.11. */
import { poly } from './poly.ts'

/** ζ(k) - 1 for k = 2, 3, … */
const zetaMinusOne: readonly number[] = [
  0.6449340668, 0.2020569032, 0.08232323371, 0.03692775514, 0.01734306198, 0.008349277382, 0.004077356198, 0.002008392826, 9.945751278e-4, 4.941886041e-4, 2.460865533e-4,
  1.227133476e-4, 6.124813506e-5, 3.058823631e-5, 1.528225941e-5, 7.637197638e-6, 3.817293265e-6,
]

export const special: Readonly<Record<string, string>> = {
  erf_f: `fn erf_f(x: f32) -> f32 {
  let a = min(abs(x), 4.0f);
  let z = a * a;
  let near = a + a * ${poly('z', [0.12837916612625122, -0.3761260211467743, 0.11283113062381744, -0.02682080678641796, 0.00508513068780303, -0.0006535236607305706])};
  let far = 1.0f - exp_f(-${poly('a', [5.684145071427338e-5, 1.1282713413238525, 0.6361420750617981, 0.10487644374370575, -0.02269740216434002, 0.003164897207170725, -0.00020870006119366735])});
  return select(with_sign(select(far, near, a < 0.8f), x), x, is_nan(x));
}`,
  erfc_f: `fn erfc_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  if (a < 1.0f) { return 1.0f - erf_f(x); }
  if (a > 11.0f) { return select(0.0f, 2.0f, x < 0.0f); }
  // exp(-a²) without the rounding error of a²: a = h + l with h² exact.
  let h = bitcast<f32>(bitcast<u32>(a) & 0xfffff000u);
  let e = exp_f(-h * h) * exp_f((h - a) * (h + a));
  let q = 1.0f / a;
  let y = q * q;
  let near = ${poly('y', [0.5638259427386472, -0.2741127028184656, 0.3404879937665872, -0.4944515323274145, 0.6210004621745983, -0.5824733027278666, 0.3687424674597105, -0.1387039388740657, 0.02326819970068386])};
  let far = ${poly('y', [0.5641895067754075, -0.2820767439740514, 0.4218463358204948, -1.0152652792027, 2.921019019210786, -7.495518717768503, 12.97719955372516, -10.47766399936249])};
  let v = e * q * select(far, near, a < 2.0f);
  return select(v, 2.0f - v, x < 0.0f);
}`,
  erf_inv_f: `fn erf_inv_f(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1.0f)) { return nan_f(); }
  if (a == 1.0f) { return with_sign(inf_f(), x); }
  let w = -log_f((1.0f - a) * (1.0f + a));
  let c = w - 2.5f;
  let s = sqrt(w) - 3.0f;
  let centre = ${poly('c', [1.5014094114303589, 0.24664027988910675, -0.004177386872470379, -0.0012527419021353126, 0.00021834444487467408, -4.9633445087238215e-6, -3.4627057630132185e-6, 4.661698369545775e-7, 2.3232736623413075e-8, -8.790988381690568e-9])};
  let tail = ${poly('s', [2.832976818084717, 1.0016751289367676, 0.00944568868726492, -0.007639405783265829, 0.00568312918767333, -0.0035869900602847338, 0.0014959917170926929, -7.6673248258885e-5, -0.00031885402859188616, 0.0001290508807869628])};
  return x * select(tail, centre, w < 5.0f);
}`,
  // ln Γ(2 + z), |z| <= 1/2 (DLMF 5.7.3).
  lgamma_near_two: `fn lgamma_near_two(z: f32) -> f32 { return z * (0.42278433509846713f + z * ${poly('z', zetaMinusOne.map((c, i) => (i % 2 === 0 ? c : -c) / (i + 2)))}); }`,
  // ln Γ of x > 0: its zeros at 1 and 2 by series, Stirling's formula from 8 on.
  lgamma_positive: `fn lgamma_positive(x: f32) -> f32 {
  if (x < 0.5f) { return lgamma_near_two(x) - log_f(x) - log1p_f(x); }
  if (x < 1.5f) { return lgamma_near_two(x - 1.0f) - log1p_f(x - 1.0f); }
  if (x < 8.0f) {
    var product = 1.0f;
    var y = x;
    while (y > 2.5f) { y -= 1.0f; product *= y; }
    return lgamma_near_two(y - 2.0f) + log_f(product);
  }
  return (x - 0.5f) * (log_f(x) - 1.0f) + 0.4189385332f + ${poly('(1.0f / (x * x))', [1 / 12, -1 / 360, 1 / 1260])} / x;
}`,
  lgamma_f: `fn lgamma_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (!is_finite(x)) { return inf_f(); }
  if (x > 0.0f) { return lgamma_positive(x); }
  let f = x - round(x);
  if (f == 0.0f) { return inf_f(); }
  return log_f(3.14159265359f / abs(x * sin_f(3.14159265359f * f))) - lgamma_positive(-x);
}`,
  // (x - x₀) times a polynomial, 1 <= x <= 2, its zero x₀ in two parts.
  digamma_near_zero: `fn digamma_near_zero(x: f32) -> f32 {
  let t = x - 1.5f;
  return (opaque(x - 1.4616321325302124f) - 1.243815006546356e-8f) * ${poly('t', [0.9510558843612671, -0.42362749576568604, 0.24054253101348877, -0.14839886128902435, 0.09498468786478043, -0.062055978924036026, 0.04085002839565277, -0.025786884129047394, 0.017114989459514618, -0.016373619437217712, 0.01090258825570345])};
}`,
  digamma_positive: `fn digamma_positive(x: f32) -> f32 {
  if (x < 1.0f) { return digamma_near_zero(1.0f + x) - 1.0f / x; }
  if (x < 8.0f) {
    var y = x;
    var sum = 0.0f;
    while (y > 2.0f) { y -= 1.0f; sum += 1.0f / y; }
    return digamma_near_zero(y) + sum;
  }
  let z = 1.0f / (x * x);
  return log_f(x) - 0.5f / x - z * ${poly('z', [1 / 12, -1 / 120, 1 / 252])};
}`,
  // cot πf, 0 <= f <= 1/2: of 1/2 it is 0.
  cotangent_of_pi: `fn cotangent_of_pi(f: f32) -> f32 {
  let near = f <= 0.25f;
  let r = 3.14159265359f * select(0.5f - f, f, near);
  return select(sin_near(r) / cos_near(r), cos_near(r) / sin_near(r), near);
}`,
  digamma_f: `fn digamma_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (!is_finite(x)) { if (x > 0.0f) { return x; } return nan_f(); }
  if (x > 0.0f) { return digamma_positive(x); }
  let f = x - round(x);
  if (f == 0.0f) { return nan_f(); }
  return digamma_positive(1.0f - x) - 3.14159265359f * with_sign(cotangent_of_pi(abs(f)), f);
}`,
}
