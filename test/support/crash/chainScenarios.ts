import type { CrashBox } from './CrashBox.ts';
import type { Scenario, Stage, Stop } from './Scenario.ts';

/** All of these happen to the message that starts the study: the second that the outbox sends. */
const START_SENT = 'outbox.signed.sent:2';
/** Blocks are made every second here, so that two of them make one final. */
const DEEP: Pick<Scenario, 'env' | 'before'> = {
  env: { FINALITY: 'blocks:2' },
  before: async ({ box }) => void (await box.rpc('evm_setIntervalMining', [1])),
};
const ETHER = '0xde0b6b3a7640000';
const THREE_GWEI = '0xb2d05e00';

interface Sent {
  readonly transaction: string;
  readonly signer: string;
  readonly nonce: string;
  readonly block: string | null;
}

async function startMessage(box: CrashBox): Promise<Sent> {
  const [row] = await box.sql(
    `SELECT transaction, signer, nonce, block FROM outbox WHERE study = $1 AND kind = 'start'`,
    await box.study(),
  );
  return row as unknown as Sent;
}

/** From here on blocks are made on demand, so that what is sent next stays out of them. */
const holdTheChain: Stop = {
  at: 'study.open.starting',
  meanwhile: async ({ box }) => void (await box.rpc('evm_setAutomine', [false])),
};

/** The node forgets what it was sent, and makes blocks again. */
async function forgotten({ box }: Stage): Promise<Sent> {
  const sent = await startMessage(box);
  await box.rpc('anvil_dropTransaction', [sent.transaction]);
  await box.rpc('evm_setAutomine', [true]);
  return sent;
}

async function raiseBaseFee({ box }: Stage): Promise<void> {
  const { signer } = await startMessage(box);
  await box.rpc('anvil_setBalance', [signer, ETHER]);
  await box.rpc('anvil_setNextBlockBaseFeePerGas', [THREE_GWEI]);
  await box.rpc('evm_mine');
}

/** Takes the block of the start message off the chain, and those after it. */
async function reorganise({ box }: Stage): Promise<void> {
  const { block } = await startMessage(box);
  const latest = Number(await box.rpc('eth_blockNumber'));
  await box.rpc('anvil_reorg', [latest - Number(block) + 1, []]);
}

/** Only one hospital's grant is live when the start arrives. */
const tooFew = async ({ box }: Stage) => box.revoke([2, 3], await box.study());
const grantAgain = async ({ box, plan }: Stage) => box.grant([2, 3], await box.study(), plan);
const operatorStarts = async ({ box }: Stage) => box.startOnChain(await box.study());

const startRefused: Scenario = {
  course: 'all',
  stops: [{ at: 'study.open.starting', meanwhile: tooFew }],
  mend: grantAgain,
};

/** Transitions that the chain brings about. */
export const chainScenarios: Readonly<Record<string, Scenario>> = {
  'study.starting.startRefused': startRefused,
  'outbox.pending.refused': startRefused,
  'outbox.refused.renewed': {
    course: 'all',
    stops: [
      { at: 'study.open.starting', meanwhile: tooFew },
      { at: 'study.starting.startRefused', meanwhile: grantAgain },
    ],
  },
  'outbox.pending.found': { course: 'all', stops: [{ at: 'study.open.starting', meanwhile: operatorStarts }] },
  'outbox.signed.repriced': { course: 'all', stops: [{ at: 'outbox.pending.signed:2', meanwhile: raiseBaseFee }] },
  'outbox.sent.repriced': {
    course: 'all',
    stops: [holdTheChain, { at: START_SENT, meanwhile: raiseBaseFee }],
    mend: async ({ box }) => void (await box.rpc('evm_setAutomine', [true])),
  },
  'outbox.sent.displaced': {
    course: 'all',
    stops: [
      holdTheChain,
      {
        at: START_SENT,
        // Another program has the same key.
        meanwhile: async (stage) => {
          const { signer, nonce } = await forgotten(stage);
          await stage.box.rpc('anvil_impersonateAccount', [signer]);
          const transaction = { from: signer, to: signer, nonce: `0x${Number(nonce).toString(16)}`, gasPrice: '0x0' };
          await stage.box.rpc('eth_sendTransaction', [transaction]);
        },
      },
    ],
  },
  'outbox.sent.reverted': {
    course: 'all',
    stops: [
      holdTheChain,
      {
        at: START_SENT,
        meanwhile: async (stage) => {
          await forgotten(stage);
          await tooFew(stage);
        },
      },
    ],
    mend: grantAgain,
  },
  'outbox.mined.reorged': {
    course: 'all',
    ...DEEP,
    stops: [{ at: 'outbox.sent.mined:2', meanwhile: reorganise }],
  },
  'outbox.mined.vanished': {
    course: 'all',
    ...DEEP,
    stops: [
      { at: 'study.open.starting', meanwhile: operatorStarts },
      { at: 'outbox.pending.found', meanwhile: reorganise },
    ],
  },
};

/** The chain as every scenario finds it: a block for every transaction, at no fee. */
export async function calmChain(box: CrashBox): Promise<void> {
  await box.rpc('evm_setIntervalMining', [0]);
  await box.rpc('evm_setAutomine', [true]);
  await box.rpc('anvil_setNextBlockBaseFeePerGas', ['0x0']);
  await box.rpc('evm_mine');
}
