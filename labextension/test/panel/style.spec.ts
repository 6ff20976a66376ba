import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

const css = readFileSync(`${import.meta.dirname}/../style/base.css`, 'utf-8');

describe('The style sheet', () => {
  it('takes every colour from the theme', () => {
    const colours = css.match(/#[0-9a-f]{3,8}\b|\b(rgba?|hsla?)\(/gi);
    expect(colours).toBeNull();
  });
});
