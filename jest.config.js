/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/contracts/(out|cache)', '<rootDir>/.stryker-tmp'],
  // Most of a test's time is spent in processes that it started and waits for.
  maxWorkers: '100%',
  // For a machine that is busy with much else, and one number for all: what hangs fails all the same.
  testTimeout: 900_000,
};
