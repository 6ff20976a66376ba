import type { TranslationBundle } from '@jupyterlab/translation';

/**
 * English, with the placeholders filled in.
 */
export const trans = {
  __: (text: string, ...values: unknown[]) =>
    text.replace(/%(\d)/g, (_all, position: string) =>
      String(values[Number(position) - 1])
    )
  // Nothing here uses plurals or contexts.
} as unknown as TranslationBundle;
