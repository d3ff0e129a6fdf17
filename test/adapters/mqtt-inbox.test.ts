import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { makeInbox } from '../../cloud/adapters/mqtt-inbox.ts';

function openInbox(atOnce: number) {
  const over = new AbortController();
  const storing: string[] = [];
  const ends = new Map<string, (why: string | null) => void>();
  const acknowledged: number[] = [];
  const failures: string[] = [];
  let letIn = 0;
  let arrived = 0;
  const inbox = makeInbox({
    atOnce,
    over: over.signal,
    acknowledge: (id) => acknowledged.push(id),
    failed(why) {
      failures.push(why);
      over.abort();
    },
  });
  return {
    storing,
    acknowledged,
    failures,
    letIn: () => letIn,
    async take(name: string, topic: string): Promise<void> {
      const store = (): Promise<string | null> => {
        storing.push(name);
        const { promise, resolve } = Promise.withResolvers<string | null>();
        ends.set(name, resolve);
        return promise;
      };
      inbox.take(topic, ++arrived, store, () => (letIn += 1));
      await turn();
    },
    async end(name: string, why: string | null = null): Promise<void> {
      ends.get(name)?.(why);
      await turn();
    },
  };
}

test('messages of a topic are stored one after the other, those of others beside them', async () => {
  const inbox = openInbox(10);
  await inbox.take('www 1', 'www');
  await inbox.take('www 2', 'www');
  await inbox.take('api 1', 'api');
  expect(inbox.storing).toEqual(['www 1', 'api 1']);
  await inbox.end('www 1');
  expect(inbox.storing).toEqual(['www 1', 'api 1', 'www 2']);
});

test('acknowledgements keep the order of arrival, and none goes before its message and all before it are stored', async () => {
  const inbox = openInbox(10);
  for (const name of ['a', 'b', 'c']) await inbox.take(name, name);
  await inbox.end('b');
  await inbox.end('c');
  expect(inbox.acknowledged).toEqual([]);
  await inbox.end('a');
  expect(inbox.acknowledged).toEqual([1, 2, 3]);
});

test('with as many in hand as there may be, nothing more is let in until one of them is acknowledged', async () => {
  const inbox = openInbox(2);
  await inbox.take('a', 'a');
  expect(inbox.letIn()).toBe(1);
  await inbox.take('b', 'b');
  expect(inbox.letIn()).toBe(1);
  await inbox.end('b');
  expect(inbox.letIn()).toBe(1);
  await inbox.end('a');
  expect(inbox.letIn()).toBe(2);
});

test('behind one that cannot be stored nothing is acknowledged, and nothing more of its topic is stored', async () => {
  const inbox = openInbox(10);
  await inbox.take('www 1', 'www');
  await inbox.take('www 2', 'www');
  await inbox.take('api 1', 'api');
  await inbox.end('www 1', 'the disk is full');
  await inbox.end('api 1');
  expect(inbox.failures).toEqual(['the disk is full']);
  expect(inbox.storing).toEqual(['www 1', 'api 1']);
  expect(inbox.acknowledged).toEqual([]);
});
