/** Answers numbers in [0, 1), the same ones for the same seed. */
export type Random = () => number;

/** A random sequence of its own for each number and purpose (sfc32, seeded through a 32-bit mix). */
export function randomFrom(number: number, purpose: string): Random {
  let state = mix(0x9e3779b9 ^ number);
  for (let at = 0; at < purpose.length; at++) {
    state = mix(state ^ purpose.charCodeAt(at));
  }
  let a = mix(state + 1);
  let b = mix(state + 2);
  let c = mix(state + 3);
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 4_294_967_296;
  };
  // The first draws still show the seed.
  for (let round = 0; round < 12; round++) {
    next();
  }
  return next;
}

function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
