/**
 * The command line that Forge expects of a native solc, over npm's `solc`: `--version`, and `--standard-json` from
 * standard input to standard output. Everything else is accepted and ignored: paths come as sources, and what is not
 * among the sources is read from the folders of this project alone.
 */
const fs = require('node:fs');
const path = require('node:path');
const solc = require('solc');

// Imports come relative to contracts/, and packages lie beside it.
const contracts = path.resolve(__dirname, '..');
const project = path.resolve(contracts, '..') + path.sep;

function findImport(name) {
  const file = path.resolve(contracts, name);
  if (!file.startsWith(project) || !fs.existsSync(file)) return { error: `not found in the project: ${name}` };
  return { contents: fs.readFileSync(file, 'utf8') };
}

if (process.argv.includes('--version')) {
  // Forge parses the version of a native build; the JavaScript build names its compiler differently.
  const version = solc.version().replace('Emscripten.clang', 'Linux.g++');
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else {
  process.stdout.write(solc.compile(fs.readFileSync(0, 'utf8'), { import: findImport }));
}
