import { getLogs, type LogFilter, type NodeLog } from './node.ts';
import { type Rpc, wasAnswered } from './rpc.ts';

/** Logs of any number of blocks: a node that refuses so many at once is asked for halves. */
export async function allLogs(rpc: Rpc, filter: LogFilter & { readonly to: number }): Promise<NodeLog[]> {
  const { from, to } = filter;
  try {
    return await getLogs(rpc, filter);
  } catch (thrown) {
    if (!wasAnswered(thrown) || from >= to) throw thrown;
    const middle = Math.floor((from + to) / 2);
    const lower = await allLogs(rpc, { ...filter, to: middle });
    return [...lower, ...(await allLogs(rpc, { ...filter, from: middle + 1 }))];
  }
}
