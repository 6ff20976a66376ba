import { defineConfig } from 'vite';

const WIDGET = '.jp-Memkit-live';

/**
 * Limits the style sheets to the widget. Otherwise they would style the sidebar on the
 * same page as well, which may be of another version.
 */
const limitToWidget = {
  postcssPlugin: 'limit-to-widget',
  Once(root) {
    root.walkRules(rule => {
      if (rule.parent.name !== 'keyframes') {
        rule.selectors = rule.selectors.map(limit);
      }
    });
  }
};

function limit(selector) {
  if (selector.startsWith(WIDGET)) {
    return selector;
  }
  // The widget itself has the class of the panel.
  const isOfRoot = /^\.jp-Memkit(?![\w-])/.test(selector);
  return `:where(${WIDGET})${isOfRoot ? '' : ' '}${selector}`;
}

/**
 * Bundles the widget of `%memkit live` as one ES module without imports, which any
 * front end can load, and its style sheet.
 */
export default defineConfig({
  define: { 'process.env.NODE_ENV': '"production"' },
  resolve: {
    // A tenth of React's size, in every message that opens a widget.
    alias: {
      'react-dom/client': 'preact/compat/client',
      react: 'preact/compat'
    }
  },
  css: { postcss: { plugins: [limitToWidget] } },
  build: {
    outDir: '../jupyter_memkit/widget/static',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    rollupOptions: {
      // Not in library mode, which leaves ES modules with all their whitespace.
      input: 'src/live/index.ts',
      preserveEntrySignatures: 'strict',
      output: { entryFileNames: 'live.js', assetFileNames: 'live.[ext]' }
    }
  }
});
