import { expect, test } from '@jest/globals';
import { OfferQueue } from '../../../../worker/session/OfferQueue.ts';
import { splitTarget } from '../../../../worker/session/pin.ts';
import { TaskBook } from '../../../../worker/session/TaskBook.ts';

const bytes = (value: number) => Buffer.alloc(32, value);
const task = (id: string) => ({
  id,
  kind: 'train',
  study: bytes(1),
  round: 4,
  slot: 2,
  plan: bytes(2),
  baseModel: bytes(3),
  opened: '100',
  deadline: '200',
  recordBy: '300',
});

test('an offer is made once, however often the coordinator repeats it', () => {
  const book = new TaskBook();
  expect(book.offer(task('a'))).toMatchObject({
    id: 'a',
    round: 4,
    slot: 2,
    deadline: 200,
    plan: `0x${'02'.repeat(32)}`,
  });
  expect(book.offer(task('a'))).toBeNull();
  expect(book.offer(task('b'))).toMatchObject({ id: 'b' });
});

test('a malformed offer is refused as the sender made it', () => {
  const book = new TaskBook();
  const malformed = { ...task('a'), plan: Buffer.alloc(5) };
  expect(() => book.offer(malformed)).toThrow(expect.objectContaining({ code: 'DOCUMENT_INVALID' }));
  expect(book.offer(task('a'))).not.toBeNull();
});

test('a cancellation aborts its task alone, and one of an unknown task nothing', () => {
  const book = new TaskBook();
  const [a, b] = [book.offer(task('a')), book.offer(task('b'))];
  book.cancel('c', 'unknown');
  book.cancel('a', 'the round closed');
  expect(a?.cancelled.aborted).toBe(true);
  expect(b?.cancelled.aborted).toBe(false);
});

test('heartbeats tell of tasks at work, and a task is news when it begins', () => {
  const book = new TaskBook();
  const at = { phase: 'training', done: 1, total: 2 };
  expect(book.progress('a', at)).toBe(true);
  expect(book.progress('a', { ...at, done: 2 })).toBe(false);
  expect(book.report()).toEqual([{ id: 'a', phase: 'training', done: 2, total: 2 }]);
  expect(book.progress('a', null)).toBe(false);
  expect(book.report()).toEqual([]);
});

test('a queue gives what was put, in order, then its end or its error', async () => {
  const queue = new OfferQueue<number>();
  const got: number[] = [];
  const all = (async () => {
    for await (const item of queue) got.push(item);
  })();
  queue.put(1);
  queue.put(2);
  await new Promise((resolve) => setTimeout(resolve, 1));
  queue.put(3);
  queue.end();
  await all;
  expect(got).toEqual([1, 2, 3]);

  const failing = new OfferQueue<number>();
  failing.put(1);
  failing.end(new Error('over'));
  const iterator = failing[Symbol.asyncIterator]();
  expect(await iterator.next()).toEqual({ value: 1, done: false });
  await expect(iterator.next()).rejects.toThrow('over');
});

test('an address is host:port, with brackets around IPv6', () => {
  expect(splitTarget('coordinator.example:7443')).toEqual({ host: 'coordinator.example', port: 7443 });
  expect(splitTarget('[::1]:7443')).toEqual({ host: '::1', port: 7443 });
  for (const target of ['coordinator', ':7443', 'a:0', 'a:99999', 'a:b']) {
    expect(() => splitTarget(target)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  }
});
