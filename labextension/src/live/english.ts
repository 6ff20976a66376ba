import type { TranslationBundle } from '@jupyterlab/translation';

/**
 * The texts as they are written: front ends other than JupyterLab have no bundles.
 */
export const english: TranslationBundle = {
  __: fill,
  gettext: fill,
  _n: choose,
  ngettext: choose,
  // The context only matters to translators.
  _p: (_context, ...texts) => fill(...texts),
  pgettext: (_context, ...texts) => fill(...texts),
  _np: (_context, ...texts) => choose(...texts),
  npgettext: (_context, ...texts) => choose(...texts),
  dcnpgettext: (_domain, _context, ...texts) => choose(...texts)
};

function choose(
  one: string,
  many: string,
  n: number,
  ...values: unknown[]
): string {
  return fill(n === 1 ? one : many, n, ...values);
}

function fill(text: string, ...values: unknown[]): string {
  return text.replace(/%(\d+)/g, (_all, position: string) =>
    String(values[Number(position) - 1])
  );
}
