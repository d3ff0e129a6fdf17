import { expect, test } from 'vitest';
import { makeEndpoint, SECRETS } from './endpoint.ts';

test('the journal is read back from its end and from before any row, and never in two directions at once', async () => {
  await using endpoint = await makeEndpoint();
  for (let n = 1; n <= 5; n += 1) {
    await endpoint.store.record({ kind: `${n}`, lane: null, text: '', detail: null }, n);
  }
  const ask = async (query: string) => {
    const headers = { authorization: `Bearer ${SECRETS.ops}` };
    return (await endpoint.http.inject({ url: `/api/audit?${query}`, headers })).json() as {
      readonly entries: { readonly seq: number; readonly kind: string }[];
    };
  };
  const end = (await ask('before=end&limit=2')).entries;
  expect(end.map(({ kind }) => kind)).toEqual(['5', '4']);
  const further = (await ask(`before=${end[1]?.seq}&limit=2`)).entries;
  expect(further.map(({ kind }) => kind)).toEqual(['3', '2']);
  for (const query of ['before=0', 'before=start', 'after=1&before=end']) {
    expect(await ask(query)).toMatchObject({
      error: { code: 'malformed', message: expect.stringContaining('before') },
    });
  }
});
