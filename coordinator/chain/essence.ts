/** Fields by which a block, a log and a receipt are told apart; the rest differs by the node's make and version. */
const BLOCK = ['number', 'hash', 'parentHash', 'timestamp', 'gasLimit', 'baseFeePerGas'];
const LOG = ['blockNumber', 'blockHash', 'logIndex', 'transactionHash', 'address', 'topics', 'data'];
const RECEIPT = ['transactionHash', 'blockNumber', 'blockHash', 'status', 'gasUsed'];

/**
 * An answer as text: the same for two nodes exactly if they say the same as of block `head`.
 *
 * A receipt of a later block counts as none.
 */
export function essenceOf(method: string, answer: unknown, head: number): string {
  switch (method) {
    case 'eth_getBlockByNumber':
      return textOf(picked(answer, BLOCK));
    case 'eth_getLogs':
      return textOf(Array.isArray(answer) ? answer.map((log) => picked(log, LOG)) : answer);
    case 'eth_getTransactionReceipt': {
      const receipt = picked(answer, RECEIPT);
      return textOf(Array.isArray(receipt) && Number(receipt[1]) > head ? null : receipt);
    }
    default:
      return textOf(answer);
  }
}

function picked(value: unknown, names: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return names.map((name) => Reflect.get(value, name) ?? null);
}

/** Hexadecimal has no case that means anything. */
function textOf(value: unknown): string {
  return JSON.stringify(value ?? null).toLowerCase();
}
