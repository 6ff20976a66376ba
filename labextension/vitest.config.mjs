import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // Toolbar buttons, which the sidebar does not have, need more DOM than
    // there is here.
    alias: {
      '@jupyter/react-components': '/test/fakes/toolbar.ts',
      '@jupyter/web-components': '/test/fakes/toolbar.ts'
    }
  },
  test: {
    server: { deps: { inline: [/@jupyterlab/] } },
    environment: 'happy-dom',
    // One environment for all files of a worker: creating each takes longer
    // than its tests.
    isolate: false,
    include: ['test/**/*.spec.{ts,tsx}'],
    coverage: {
      include: ['src/**'],
      exclude: ['src/wire/protocol.ts', 'src/**/*.d.ts'],
      reporter: ['text-summary'],
      thresholds: { lines: 90 }
    }
  }
});
