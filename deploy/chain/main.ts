// The start of a consortium's chain: `node deploy/chain/main.ts --help`.
import { parseArgs } from 'node:util';
import { SyndicError, toSyndicError } from '../../core/errors/SyndicError.ts';
import { sha256 } from '../../core/sha256.ts';
import { type ChainKind, foundChain, type Place } from './found.ts';
import { cliqueGenesis, qbftGenesis } from './genesis.ts';

const HELP = `node deploy/chain/main.ts genesis clique|qbft --chain-id N --validator 0xADDRESS …
node deploy/chain/main.ts found clique|qbft --chain-id N --validator DIR=HOST:PORT …

genesis prints the genesis file of a chain whose validators hold their keys themselves, and its SHA-256 on standard
error: everybody makes it from the same addresses and compares. found makes keys, genesis and lists of peers for all
validators of one host, each in its folder; what is there stays.

  --chain-id N      the chain's number: one that no other network has which these keys are used on
  --validator …     once for each: three or more for clique (go-ethereum 1.13), four or more for qbft (Besu)
  --funded ADDRESS  an account that begins with ether, may be repeated (default: the validators)
  --period SECONDS  between blocks (default: 1)
`;

function usage(why: string, cause?: unknown): SyndicError {
  return new SyndicError('USAGE', `${why}\n\n${HELP}`, {}, { cause });
}

function read() {
  try {
    const texts = { type: 'string', multiple: true } as const;
    const text = { type: 'string' } as const;
    const options = { 'chain-id': text, validator: texts, funded: texts, period: text } as const;
    const help = { type: 'boolean', short: 'h' } as const;
    return parseArgs({ options: { ...options, help }, allowPositionals: true });
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function kindOf(text: string | undefined): ChainKind {
  if (text === 'clique' || text === 'qbft') return text;
  throw usage(`${JSON.stringify(text ?? '')} is no kind of chain: clique or qbft`);
}

function placeOf(text: string): Place {
  const [, dir = '', host = '', port] = /^(.+)=([\d.]+):(\d{1,5})$/.exec(text) ?? [];
  if (dir !== '') return { dir, host, port: Number(port) };
  throw usage(`${JSON.stringify(text)} is no validator's place: DIR=HOST:PORT, HOST an IPv4 address`);
}

async function main(): Promise<void> {
  const { values, positionals } = read();
  if (values.help) return void process.stdout.write(HELP);
  const [verb, given, ...rest] = positionals;
  if ((verb !== 'genesis' && verb !== 'found') || rest.length > 0) throw usage('say genesis or found, and which chain');
  const kind = kindOf(given);
  const { validator = [], funded, period } = values;
  const settings = {
    chainId: Number(values['chain-id']),
    ...(funded === undefined ? {} : { funded }),
    ...(period === undefined ? {} : { period: Number(period) }),
  };
  if (verb === 'found') {
    const found = await foundChain({ kind, places: validator.map(placeOf), ...settings });
    for (const { address, enode } of found) process.stdout.write(`${address}\t${enode}\n`);
    return;
  }
  const genesis =
    kind === 'clique'
      ? cliqueGenesis({ sealers: validator, ...settings })
      : qbftGenesis({ validators: validator, ...settings });
  const text = `${JSON.stringify(genesis, null, 2)}\n`;
  process.stdout.write(text);
  process.stderr.write(`SHA-256 ${sha256(Buffer.from(text)).slice(2)}\n`);
}

try {
  await main();
} catch (thrown) {
  const error = toSyndicError(thrown);
  process.stderr.write(`error ${error.code}: ${error.message}\n`);
  process.exitCode = error.kind.exit;
}
