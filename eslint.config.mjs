import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { boundaries } from './tools/borders/rules.mjs';

const sources = ['{libs,services,deploy,tools}/**/*.ts'];
/** What is in a folder `e2e`, `testing` or `fixtures` only tests use. */
const tests = [
  '**/*.unit.ts',
  '**/*.int.ts',
  '**/*.e2e.ts',
  'deploy/*/src/e2e/**/*.ts',
  'services/*/src/testing/**/*.ts',
  'libs/domain/*/fixtures/**/*.ts',
];
/** The suites that every adapter of a port passes: exported, for adapters may live elsewhere. */
const contractSuites = ['libs/platform/*/src/contract/**/*.ts'];
const pureSources = ['libs/kernel/**/*.ts', 'libs/domain/**/*.ts'];

const { dependencies: testingDependencies } = JSON.parse(
  readFileSync(new URL('./libs/testing/package.json', import.meta.url), 'utf8'),
);
const testingDependsOn = Object.keys(testingDependencies).filter((name) =>
  name.startsWith('@tallystick/'),
);

/** Where text or JSON becomes a type of ours after a check, `as` is how it is said. */
const brandsAndDecoders = [
  'libs/kernel/src/{exact,ids,money,points,time}.ts',
  '**/decode.ts',
  '**/decode-*.ts',
  '**/*-decoder.ts',
];

const linesMax = 350;

/** What a pure function cannot do and still give the same bytes for the same events. */
const impureGlobals = [
  { name: 'Date', message: 'Take the time as an argument (Instant, LocalDate).' },
  { name: 'process', message: 'Pure code has no surroundings.' },
  { name: 'globalThis', message: 'Pure code has no surroundings.' },
  { name: 'console', message: 'Pure code does not print: return what is to be said.' },
  { name: 'crypto', message: 'Take ids and hashes as arguments.' },
  { name: 'performance', message: 'Take the time as an argument.' },
  { name: 'fetch', message: 'Pure code does no I/O.' },
  { name: 'setTimeout', message: 'Pure code does not wait.' },
  { name: 'setInterval', message: 'Pure code does not wait.' },
  { name: 'setImmediate', message: 'Pure code does not wait.' },
  { name: 'queueMicrotask', message: 'Pure code does not wait.' },
];
const impureSyntax = [
  {
    selector: 'ImportExpression',
    message: 'Pure code imports statically, so that its borders can be checked.',
  },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'Chance is an argument: the same events give the same bytes.',
  },
  {
    selector: "MemberExpression[object.name='Temporal'][property.name='Now']",
    message: 'Take the time as an argument (Instant, LocalDate).',
  },
  {
    selector: 'MemberExpression[property.name=/^(localeCompare|toLocale.+)$/]',
    message: 'What depends on the language of the machine differs between machines.',
  },
];
const nodeModulePaths = builtinModules.map((name) => ({
  name,
  message: 'Pure code uses nothing of Node.',
}));
const nodeModules = { regex: '^node:', message: 'Pure code uses nothing of Node.' };
const testTools = {
  regex: '^(@jest/globals|fast-check)$|/contract(/|$)',
  message: 'What is built does not contain what tests it.',
};

export default defineConfig(
  globalIgnores([
    '**/dist/',
    '.nx/',
    '.tallystick/',
    'coverage/',
    'tools/borders/fixtures/',
    '**/generated/',
  ]),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,

  {
    name: 'tools',
    files: ['**/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'console',
          'process',
          'URL',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
        ].map((name) => [name, 'readonly']),
      ),
    },
    rules: {
      eqeqeq: 'error',
      'prefer-const': 'error',
      'no-unused-vars': ['error', { ignoreRestSiblings: true }],
    },
  },

  {
    name: 'sources',
    files: sources,
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.spec.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      // What is left to do is an issue, not a comment.
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'anywhere' }],
      'max-lines': ['error', { max: linesMax, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        {
          argsIgnorePattern: '^_',
          destructuredArrayIgnorePattern: '^_',
          varsIgnorePattern: '^_$',
          ignoreRestSiblings: true,
        },
      ],
      // The rule does not see that a branded number is a number; the compiler does.
      '@typescript-eslint/no-unsafe-unary-minus': 'off',
      // Modules of Nest are classes without members.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // `() => close()` is how a callback that returns nothing is written.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // `@EventPattern<string>(topic)`: Nest infers another type than the default where `@Ctx()` is typed.
      '@typescript-eslint/no-unnecessary-type-arguments': 'off',
      // A port may ask for a promise where an adapter has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
    },
  },

  {
    name: 'borders',
    files: sources,
    ignores: tests,
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': ['error', boundaries({ tests: false, testingDependsOn })],
    },
  },
  {
    name: 'borders of tests',
    files: tests,
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': ['error', boundaries({ tests: true, testingDependsOn })],
    },
  },
  {
    name: 'what is built',
    files: sources,
    ignores: [...tests, ...contractSuites, 'libs/testing/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [testTools] }] },
  },
  {
    name: 'pure code',
    files: pureSources,
    ignores: tests,
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: nodeModulePaths, patterns: [nodeModules, testTools] },
      ],
      'no-restricted-globals': ['error', ...impureGlobals],
      'no-restricted-syntax': ['error', ...impureSyntax],
    },
  },
  {
    name: 'the one clock',
    files: ['libs/kernel/src/time.ts'],
    rules: {
      'no-restricted-globals': ['error', ...impureGlobals.filter(({ name }) => name !== 'Date')],
    },
  },

  {
    name: 'brands and decoders',
    files: brandsAndDecoders,
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'as' }],
    },
  },
  {
    name: 'tests',
    files: [...tests, ...contractSuites],
    rules: {
      'max-lines': 'off',
      // A test reads answers whose shape it is about to check.
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'as' }],
    },
  },
);
