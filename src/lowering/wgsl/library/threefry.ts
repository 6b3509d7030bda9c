/** The random bits of a key and a counter. */

/** Five groups of four rounds, each followed by the next words of the key. */
function threefryRounds(): string {
  const rotations = [
    [13, 15, 26, 6],
    [17, 29, 16, 24],
  ]
  const lines: string[] = []
  for (let group = 0; group < 5; group++) {
    for (const by of rotations[group % 2]!) lines.push(`  x += y; y = rotate(y, ${by}u) ^ x;`)
    lines.push(`  x += key${(group + 1) % 3}; y += key${(group + 2) % 3} + ${group + 1}u;`)
  }
  return lines.join('\n')
}

export const threefry: Readonly<Record<string, string>> = {
  rotate: `fn rotate(x: u32, by: u32) -> u32 { return (x << by) | (x >> (32u - by)); }`,
  // Salmon et al. 2011: Threefry-2x32, 20 rounds.
  threefry: `fn threefry(key0: u32, key1: u32, count0: u32, count1: u32) -> vec2<u32> {
  let key2 = key0 ^ key1 ^ 0x1bd11bdau;
  var x = count0 + key0;
  var y = count1 + key1;
${threefryRounds()}
  return vec2<u32>(x, y);
}`,
}
