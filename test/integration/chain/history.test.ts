import { expect, test } from '@jest/globals';
import { type ChainLine, connectChain } from '../../../cli/chain/connectChain.ts';
import { readHistory } from '../../../cli/chain/history.ts';
import { recordedStudy, useChain } from './useChain.ts';

const { at } = useChain();

/** A line whose node leaves out the newest event, in its first `times` answers of some. */
function forgetful(line: ChainLine, times: number): ChainLine {
  let left = times;
  const request: ChainLine['rpc']['request'] = async (method, params) => {
    const answer = await line.rpc.request(method, params);
    if (method !== 'eth_getLogs' || !Array.isArray(answer) || answer.length === 0 || left === 0) return answer;
    left -= 1;
    return answer.slice(0, -1);
  };
  return { ...line, rpc: { ...line.rpc, request } };
}

test('a history for which a node answers amid a new block is read once more; what is wrong twice is told', async () => {
  const { study } = await recordedStudy(at.world, 2);
  const line = await connectChain(at.world.rpcUrl);
  try {
    const readFrom = (from: ChainLine) => readHistory(from, at.world.contracts.ledger, { study });
    expect((await readFrom(forgetful(line, 1))).studies).toMatchObject([{ verified: true, faults: [] }]);
    const lasting = (await readFrom(forgetful(line, Number.POSITIVE_INFINITY))).studies;
    expect(lasting).toMatchObject([{ verified: false }]);
    expect(lasting[0]?.faults.length).toBeGreaterThan(0);
  } finally {
    line.close();
  }
});
