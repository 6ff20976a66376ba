import { defineConfig } from 'vite';

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
