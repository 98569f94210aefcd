import js from '@eslint/js';
import hooks from 'eslint-plugin-react-hooks';
import { defineConfig } from 'eslint/config';
import ts from 'typescript-eslint';

/** Where the import table of the app is kept: features do not import each other, and ui knows no domain. */
const features = ['setup', 'login', 'overview', 'infrastructure', 'resource', 'plugins', 'settings'];

function forbid(...groups) {
  return {
    'no-restricted-imports': ['error', { patterns: groups.map(([group, message]) => ({ group, message })) }],
  };
}

export default defineConfig(
  { ignores: ['dist', 'node_modules', 'src/api/schema.d.ts', 'e2e/screenshots'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [ts.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/only-throw-error': 'off',
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.tsx', 'src/**/*.ts'],
    extends: [hooks.configs.flat.recommended],
  },
  {
    files: ['src/ui/**'],
    rules: forbid([['@/features/**', '@/live/**', '@/api/**', '@/catalog/**'], 'ui knows no domain']),
  },
  ...features.map((name) => ({
    files: [`src/features/${name}/**`],
    rules: forbid([
      features.filter((other) => other !== name).map((other) => `@/features/${other}/**`),
      'features do not import each other',
    ]),
  })),
  {
    files: ['src/theme-boot.js'],
    languageOptions: {
      sourceType: 'script',
      globals: { localStorage: 'readonly', matchMedia: 'readonly', document: 'readonly' },
    },
    rules: { 'no-var': 'off' },
  },
  {
    files: ['e2e/**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        fetch: 'readonly',
        URL: 'readonly',
        AbortSignal: 'readonly',
        document: 'readonly',
        window: 'readonly',
        localStorage: 'readonly',
        getComputedStyle: 'readonly',
        performance: 'readonly',
        Buffer: 'readonly',
        Image: 'readonly',
        CSSStyleSheet: 'readonly',
        requestAnimationFrame: 'readonly',
        MutationObserver: 'readonly',
        PerformanceObserver: 'readonly',
      },
    },
  },
);
