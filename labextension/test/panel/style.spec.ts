import { readFileSync, readdirSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

const STYLE = `${import.meta.dirname}/../../style`;
const sheets = readdirSync(STYLE).filter(name => name.endsWith('.css'));

describe.each(sheets)('The style sheet %s', name => {
  const css = readFileSync(`${STYLE}/${name}`, 'utf-8');

  // The theme of pages that have none.
  const isTheme = name === 'plain.css';

  it.skipIf(isTheme)('takes every colour from the theme', () => {
    const colours = css.match(/#[0-9a-f]{3,8}\b|\b(rgba?|hsla?)\(/gi);
    expect(colours).toBeNull();
  });

  it('writes no text in a colour of the theme that has too little contrast', () => {
    expect(css).not.toMatch(/\n\s*color: var\(--jp-ui-font-color3\)/);
  });

  it('styles only what belongs to the extension', () => {
    const selectors = css
      .replace(/\/\*[^]*?\*\//g, '')
      .match(/(?<=^|\})\s*[^{}@]+(?=\{)/g);
    const foreign = (selectors ?? []).filter(
      selector =>
        !selector.includes('jp-Memkit') && !/^\s*(from|to|\d+%)/.test(selector)
    );
    expect(foreign).toEqual([]);
  });
});
