/** 0, 1, … up to but not including n. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
