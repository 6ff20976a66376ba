import type { TranslationBundle } from '@jupyterlab/translation';

/**
 * English, with the placeholders filled in.
 */
export const trans = {
  __: fill,
  _n: (one: string, many: string, n: number, ...values: unknown[]) =>
    fill(n === 1 ? one : many, n, ...values)
  // Nothing here uses contexts.
} as unknown as TranslationBundle;

function fill(text: string, ...values: unknown[]): string {
  return text.replace(/%(\d)/g, (_all, position: string) =>
    String(values[Number(position) - 1])
  );
}
