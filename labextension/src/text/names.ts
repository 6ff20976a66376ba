const FIRST_STRONG_ISOLATE = '\u2068';
const POP_DIRECTIONAL_ISOLATE = '\u2069';

/**
 * Prepare a name for a sentence: one that is written from right to left would otherwise
 * move the figures that follow it to its other side.
 */
export function isolate(name: string): string {
  // Names in ASCII, which are most, can be searched for and copied with the sentence.
  return /^[ -~]*$/.test(name)
    ? name
    : `${FIRST_STRONG_ISOLATE}${name}${POP_DIRECTIONAL_ISOLATE}`;
}
