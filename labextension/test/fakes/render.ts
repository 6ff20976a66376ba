import { act } from 'react';
import type { ReactElement } from 'react';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';
import { afterEach, vi } from 'vitest';

const roots: Root[] = [];

afterEach(() => {
  act(() => {
    roots.splice(0).forEach(root => {
      root.unmount();
    });
  });
  document.body.replaceChildren();
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false);
});

/**
 * Show an element on the page until the test ends.
 */
export function render(element: ReactElement): HTMLElement {
  const host = document.createElement('div');
  document.body.append(host);
  const root = createRoot(host);
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  roots.push(root);
  act(() => {
    root.render(element);
  });
  return host;
}

/**
 * Find one element by its test id or selector; fails when it is not there.
 */
export function part(host: HTMLElement, name: string): HTMLElement {
  const isName = /^[\w-]+$/.test(name);
  const found =
    (isName &&
      host.querySelector<HTMLElement>(`[data-testid="memkit-${name}"]`)) ||
    host.querySelector<HTMLElement>(name);
  if (!found) {
    throw new Error(`There is no "${name}" in ${host.innerHTML}`);
  }
  return found;
}

export function click(element: HTMLElement): void {
  act(() => {
    element.click();
  });
}

/**
 * The data attributes of an element.
 */
export function dataOf({ dataset }: HTMLElement): Record<string, unknown> {
  return Object.fromEntries(Object.entries(dataset));
}
