import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { SyndicError } from '../core/errors/SyndicError.ts';
import { keepFile } from '../worker/keepFile.ts';

/** Of Anvil's state file, what is looked at here. */
interface State {
  readonly blocks: readonly { readonly header: { readonly number: string; readonly timestamp: string } }[];
}

/**
 * Anvil makes a new genesis block whenever it starts, saves it beside the one that it has loaded, and takes any of them
 * when it loads again: from its third start on, a chain may have another genesis than its invitations name. Takes all
 * but the oldest out of the file.
 *
 * @throws SyndicError DEPENDENCY_UNAVAILABLE when the file is damaged
 */
export async function keepOldestGenesis(file: string): Promise<void> {
  if (!existsSync(file)) return;
  const state = await readState(file);
  const geneses = state.blocks.filter(isGenesis);
  const oldest = geneses.toSorted((a, b) => Number(a.header.timestamp) - Number(b.header.timestamp))[0];
  if (geneses.length < 2) return;
  const blocks = state.blocks.filter((block) => block === oldest || !isGenesis(block));
  await keepFile(file, JSON.stringify({ ...state, blocks }), 0o644);
}

function isGenesis({ header }: State['blocks'][number]): boolean {
  return Number(header.number) === 0;
}

async function readState(file: string): Promise<State> {
  try {
    const state = JSON.parse(await readFile(file, 'utf8')) as Partial<State>;
    return { ...state, blocks: state.blocks ?? [] };
  } catch (cause) {
    throw new SyndicError(
      'DEPENDENCY_UNAVAILABLE',
      `the chain's state in ${file} is damaged: begin in another folder, or put the file back from a copy`,
      { file },
      { cause },
    );
  }
}
