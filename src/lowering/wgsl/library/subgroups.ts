/** Which invocations of a workgroup stand in a subgroup together. */

export const subgroups: Readonly<Record<string, string>> = {
  // So many invocations, from each multiple of it on, stand in a subgroup in their order: `span` of them, as on every device that is known. But WGSL does not say
  // which invocations make a subgroup, so each looks, and it is 1 where one finds otherwise.
  subgroup_width: `var<workgroup> crooked: atomic<u32>;
var<workgroup> crooked_at_last: u32;
fn subgroup_width(local: u32, place: u32, span: u32) -> i32 {
  let first = local - place;
  if ((first % span != 0u) | (subgroupBroadcastFirst(first) != first) | (subgroupAdd(1u) != span)) { atomicOr(&crooked, 1u); }
  workgroupBarrier();
  if (local == 0u) { crooked_at_last = atomicLoad(&crooked); }
  return select(i32(span), 1i, workgroupUniformLoad(&crooked_at_last) != 0u);
}`,
}
