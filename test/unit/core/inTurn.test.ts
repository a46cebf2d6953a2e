import { expect, test } from '@jest/globals';
import { inTurn } from '../../../core/inTurn.ts';

/** An action that begins when it is called and ends when it is told to. */
function held(log: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const action = async () => {
    log.push(`${name} begins`);
    try {
      return await promise;
    } finally {
      log.push(`${name} ends`);
    }
  };
  return { action, end: () => resolve(name), fail: () => reject(new Error(name)) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('actions under one key follow each other, whatever becomes of them; under another key none waits', async () => {
  const log: string[] = [];
  const run = inTurn<string>();
  const [a, b, c, other] = ['a', 'b', 'c', 'other'].map((name) => held(log, name)) as [
    ReturnType<typeof held>,
    ReturnType<typeof held>,
    ReturnType<typeof held>,
    ReturnType<typeof held>,
  ];
  const first = run('key', a.action);
  const second = run('key', b.action);
  const apart = run('another', other.action);
  await settled();
  expect(log).toEqual(['a begins', 'other begins']);

  a.fail();
  await expect(first).rejects.toThrow('a');
  await settled();
  expect(log).toEqual(['a begins', 'other begins', 'a ends', 'b begins']);

  // Came while the second runs: the first's end must not have let it past.
  const third = run('key', c.action);
  await settled();
  expect(log).not.toContain('c begins');
  b.end();
  other.end();
  expect([await second, await apart]).toEqual(['b', 'other']);
  c.end();
  expect(await third).toBe('c');
  expect(log.slice(-2)).toEqual(['c begins', 'c ends']);
});
