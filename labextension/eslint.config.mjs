import jupyter from '@jupyter/eslint-plugin';
import tseslint from 'typescript-eslint';

// Signals of these outlive the widgets that connect to them.
const longLivedTypes = [
  'IConsoleTracker',
  'IKernelConnection',
  'INotebookTracker',
  'ISessionConnection',
  'ISessionContext',
  'ISettingRegistry',
  'IShell',
  'IThemeManager',
  'IWidgetTracker',
  'ServiceManager'
];

/**
 * Jupyter's recommended rules, where a warning is an error too.
 */
const jupyterRules = jupyter.configs.recommended.map(config => ({
  plugins: { jupyter },
  ...config,
  rules: Object.fromEntries(
    Object.keys(config.rules).map(name => [
      name,
      name.endsWith('-signal-cleanup') ||
      name.endsWith('prefer-signal-this-arg')
        ? ['error', { longLivedTypes }]
        : 'error'
    ])
  )
}));

/**
 * The layers, lowest first; a file imports only from layers below its own.
 */
const LAYERS = [
  ['protocol'],
  ['parse', 'records', 'status', 'format', 'timeline', 'clock', 'palette'],
  ['convert', 'request', 'execute', 'language', 'execution', 'subscription'],
  ['channel', 'server', 'overlay'],
  ['model', 'follow', 'series'],
  ['sidebar', 'axes', 'marks'],
  ['chart'],
  ['components/*'],
  ['view', 'icon'],
  ['panel', 'actions', 'open', 'settings'],
  ['index']
];

const layerRules = LAYERS.map((layer, floor) => ({
  files: layer.map(name => `src/${name}.{ts,tsx}`),
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: LAYERS.slice(floor + 1)
          .flat()
          .map(name => ({
            regex: `^\\.{1,2}/${name.replace('/*', '/.+')}$`,
            message: 'The arrow points up a layer.'
          }))
      }
    ]
  }
}));

export default tseslint.config(
  { ignores: ['coverage', 'lib', 'node_modules'] },
  ...tseslint.configs.strictTypeChecked.map(config => ({
    ...config,
    files: ['**/*.{ts,tsx}']
  })),
  ...jupyterRules,
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: {
      parserOptions: { projectService: true }
    },
    rules: {
      'no-console': ['error', { allow: ['warn', 'error'] }],
      eqeqeq: 'error',
      // A slot is a method that its signal calls on the object given with it, which
      // jupyter/require-signal-this-arg checks.
      '@typescript-eslint/unbound-method': 'off',
      // A restored side panel must exist when the application starts, and what
      // reads the server's answers reads the kernel's in the panel too.
      'jupyter/prefer-lazy-imports': [
        'error',
        { ignoreImports: ['./panel', './server', './sidebar'] }
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      // JupyterLab's convention for a class and its options.
      '@typescript-eslint/no-namespace': 'off'
    }
  },
  ...layerRules,
  {
    // Objects of a test end with the test.
    files: ['test/**'],
    rules: { 'jupyter/require-disposable-ownership': 'off' }
  }
);
