// Stands in for @jupyter/web-components and @jupyter/react-components, which
// @jupyterlab/ui-components registers as it is imported.

function nothing(): void {
  // There is no toolbar in the sidebar.
}

export const addJupyterLabThemeChangeListener = nothing;
export const jpButton = nothing;
export const jpToolbar = nothing;
export const Button = nothing;
export const Search = nothing;

export function provideJupyterDesignSystem(): { register: () => void } {
  return { register: nothing };
}
