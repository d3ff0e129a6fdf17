import { describe, expect, test } from 'vitest';
import { makeLines, makeTurns } from '../../cloud/store/postgres-turns.ts';
import { gate } from '../engine/door.ts';

const silence = new Error('the server says nothing');
const mistake = new Error('a mistake in the work');

/** A work that ends when its gate is opened: with its name, or with what was wrong. */
function work(name: string, done: string[], wrong?: Error) {
  const { passed, open } = gate();
  const act = async (): Promise<string> => {
    done.push(name);
    await passed;
    if (wrong) throw wrong;
    return name;
  };
  return { act, open };
}

/** The first of them fails. */
function three(done: string[], wrong: Error) {
  return [work('a', done, wrong), work('b', done), work('c', done)] as const;
}

async function fates(all: readonly Promise<string>[]): Promise<unknown[]> {
  const results = await Promise.allSettled(all);
  return results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason));
}

describe('works of one name', () => {
  test('are done one after the other, and one that fails by a mistake hurts none behind it', async () => {
    const done: string[] = [];
    const inLine = makeLines((error) => error === silence);
    const [a, b, c] = three(done, mistake);
    const answers = fates([inLine('www', a.act), inLine('www', b.act), inLine('api', c.act)]);
    await Promise.resolve();
    await Promise.resolve();
    expect(done).toEqual(['a', 'c']);
    for (const { open } of [a, b, c]) open();
    expect(await answers).toEqual([mistake, 'b', 'c']);
  });

  test('that wait behind one which met a silent server hear the same and are not tried; those of other names, and later ones, are', async () => {
    const done: string[] = [];
    const inLine = makeLines((error) => error === silence);
    const [a, b, c] = three(done, silence);
    const [far, later] = [work('far', done), work('later', done)];
    const answers = fates([inLine('www', a.act), inLine('www', b.act), inLine('www', c.act), inLine('api', far.act)]);
    for (const { open } of [a, far, later]) open();
    expect(await answers).toEqual([silence, silence, silence, 'far']);
    expect(await inLine('www', later.act)).toBe('later');
    expect(done).toEqual(['a', 'far', 'later']);
  });
});

describe('turns', () => {
  test('those who wait when the server says nothing hear the same, the urgent ones too, and the next is tried', async () => {
    const done: string[] = [];
    const turns = makeTurns(1, (error) => error === silence);
    const [a, b, c] = three(done, silence);
    const later = work('later', done);
    const answers = fates([turns.take(a.act, false), turns.take(b.act, false), turns.take(c.act, true)]);
    for (const { open } of [a, later]) open();
    expect(await answers).toEqual([silence, silence, silence]);
    expect(await turns.take(later.act, false)).toBe('later');
    await turns.quiet();
    expect(done).toEqual(['a', 'later']);
  });

  test('a mistake in one is its own, and the urgent come first', async () => {
    const done: string[] = [];
    const turns = makeTurns(1, (error) => error === silence);
    const [a, b, c] = three(done, mistake);
    const answers = fates([turns.take(a.act, false), turns.take(b.act, false), turns.take(c.act, true)]);
    for (const { open } of [a, b, c]) open();
    expect(await answers).toEqual([mistake, 'b', 'c']);
    expect(done).toEqual(['a', 'c', 'b']);
  });
});
