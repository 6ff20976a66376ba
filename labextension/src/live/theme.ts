/**
 * The attributes by which front ends switch between light and dark.
 */
const ATTRIBUTES = ['class', 'style', 'theme', 'data-theme'];

// The text is light on dark.
const LIGHT_TEXT = 128;

/**
 * Give an element a theme where the page has none of JupyterLab's colours.
 *
 * It is dark if the text that surrounds the element is light.
 *
 * @param onChange - Called when the page switches its theme.
 * @returns A function that stops following the page.
 */
export function followTheme(
  root: HTMLElement,
  onChange: () => void
): () => void {
  const isJupyterLab =
    getComputedStyle(root).getPropertyValue('--jp-layout-color1').trim() !== '';
  if (isJupyterLab) {
    return () => undefined;
  }
  const adopt = (): void => {
    const surroundings = getComputedStyle(root.parentElement ?? document.body);
    root.classList.toggle('jp-mod-dark', isLight(surroundings.color));
  };
  root.classList.add('jp-mod-plain');
  adopt();
  const observer = new MutationObserver(() => {
    adopt();
    onChange();
  });
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributeFilter: ATTRIBUTES });
  }
  return () => {
    observer.disconnect();
  };
}

function isLight(color: string): boolean {
  const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map(
    Number
  );
  return 0.3 * red + 0.6 * green + 0.1 * blue > LIGHT_TEXT;
}
