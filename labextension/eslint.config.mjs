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
 * The rooms, lowest first; a file imports only from its own room and those below.
 */
const ROOMS = [
  ['wire'],
  ['server'],
  ['overlay', 'follow'],
  ['model'],
  ['text', 'renderer'],
  ['chart', 'cells', 'badges', 'kernels'],
  ['lists'],
  ['panel'],
  ['plugins', 'live'],
  ['index']
];

const roomRules = ROOMS.slice(0, -1).map((rooms, floor) => ({
  files: rooms.flatMap(room => [`src/${room}.ts`, `src/${room}/**/*.{ts,tsx}`]),
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: ROOMS.slice(floor + 1)
          .flat()
          .map(room => ({
            regex: `^(\\.{1,2}/)+${room}(/.+)?$`,
            message: 'This room is on a higher floor.'
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
      // reads the server's answers reads the kernel's in the panel too. The Running
      // panel does not wait for its labels.
      'jupyter/prefer-lazy-imports': [
        'error',
        {
          ignoreImports: [
            '../model/kernels',
            '../model/sidebar',
            '../panel/panel',
            '../panel/statusItem',
            '../server/kernels',
            '../text/kernels',
            './confirm',
            './libraries',
            './variables'
          ]
        }
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      // JupyterLab's convention for a class and its options.
      '@typescript-eslint/no-namespace': 'off'
    }
  },
  ...roomRules,
  {
    // Objects of a test end with the test.
    files: ['test/**'],
    rules: { 'jupyter/require-disposable-ownership': 'off' }
  }
);
