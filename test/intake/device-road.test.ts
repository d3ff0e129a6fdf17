import { expect, test } from 'vitest';
import { Job, State } from '../../shared/messages.ts';
import { makeEndpoint, SECRETS } from './endpoint.ts';

test('the token of a device sends its commands, follows their jobs, reads its switch, and no more', async () => {
  await using endpoint = await makeEndpoint({ gated: true });
  const url = await endpoint.listen();
  const ask = async (path: string, body?: object, secret: string = SECRETS.lobby): Promise<[number, unknown]> => {
    const response = await fetch(`${url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${secret}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return [response.status, await response.json()];
  };

  const [sent, job] = await ask('/api/devices/lobby/command', { command: 'failover', id: 'p1', ageMs: 20_000 });
  const { id, pressedAt, acceptedAt } = Job.parse(job);
  expect(sent).toBe(202);
  expect(Date.parse(acceptedAt) - Date.parse(pressedAt ?? '')).toBeGreaterThanOrEqual(20_000);
  const [running, early] = await ask(`/api/jobs/${id}?wait=0s`);
  expect([running, Job.parse(early).status]).toEqual([200, 'running']);
  endpoint.gate.open();
  const [ended, last] = await ask(`/api/jobs/${id}?wait=30s`);
  expect([ended, Job.parse(last).status]).toEqual([200, 'succeeded']);
  const [seen, state] = await ask('/api/switches/www');
  expect([seen, State.parse(state).position]).toEqual([200, 'maintenance']);

  const [, foreign] = await ask('/api/switches/api/drill', {}, SECRETS.ops);
  const refused = await Promise.all([
    ask(`/api/jobs/${Job.parse(foreign).id}`),
    ask('/api/switches/api'),
    ask('/api/devices/roof/command', { command: 'failover' }),
    ask('/api/devices/lobby/command', { command: 'drill' }),
    ask('/api/devices/lobby/command', { command: 'failover', switch: 'api' }),
    ask('/api/switches/www/restore', {}),
    ask('/api/switches/www/hold', { reason: 'mine' }),
    ask('/api/switches/www/alerts/clear', { key: 'x' }),
    ask(`/api/jobs/${id}/cancel`, {}),
    ask('/api/audit'),
    ask('/metrics'),
  ]);
  expect(refused.map(([status]) => status)).toEqual([404, ...Array<number>(10).fill(403)]);
});
