import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Job, JobMessage } from '../../shared/messages.ts';
import { topics } from '../../shared/topics.ts';
import { DEVICE } from '../world/world-file.ts';
import type { WeatherInput } from '../world/route53/weather.ts';
import { openRoad, type Road, until } from './road.ts';
import { addSwitches } from './switches.ts';

/** Each with weather of its own, at a switch of its own. */
const WEATHER: readonly (readonly [string, readonly WeatherInput[]])[] = [
  ['lost-reply', [{ kind: 'lost-reply', operation: 'ChangeResourceRecordSets' }]],
  ['lost-request', [{ kind: 'lost-request', operation: 'ChangeResourceRecordSets' }]],
  ['throttling', [{ kind: 'throttling', operation: 'ChangeResourceRecordSets', times: 2 }]],
  ['prior-request', [{ kind: 'prior-request', operation: 'ChangeResourceRecordSets' }]],
  ['broken', [{ kind: 'error', status: 503, body: 'html', operation: 'ChangeResourceRecordSets' }]],
  ['expired-token', [{ kind: 'expired-token', operation: 'ListResourceRecordSets' }]],
  ['forgotten', [{ kind: 'forget' }]],
  [
    'everything',
    [
      { kind: 'throttling', operation: 'ListResourceRecordSets' },
      { kind: 'lost-reply', operation: 'ChangeResourceRecordSets' },
      { kind: 'error', status: 500, body: 'empty', operation: 'ListResourceRecordSets' },
    ],
  ],
];
const IDS = ['id-mqtt', 'id-roads', 'id-senders', 'id-ended'];
const AGES = ['old', 'old-for-it', 'fresh'];
const DEVICE_TOKEN = randomUUID();

let road: Road;
beforeAll(async () => {
  road = await openRoad({ insyncAfterMs: 0 });
  await addSwitches(road, [...WEATHER.map(([name]) => name), ...IDS, ...AGES], (file) => {
    file.devices[DEVICE] = { on: ['*'], may: ['failover', 'restore', 'drill'], token: DEVICE_TOKEN };
  });
});
afterAll(() => road[Symbol.asyncDispose]());

async function jobsOf(name: string): Promise<readonly Job[]> {
  return (await road.jobs()).filter((job) => job.switch === name);
}

function changesOf(name: string): number {
  return road.world.route53.calls.filter(({ batch }) => batch?.some(({ set }) => set.name.startsWith(`${name}.`)))
    .length;
}

function accepted(topic: string): readonly Job[] {
  const messages = road.on(topic).map((text) => JobMessage.parse(JSON.parse(text)));
  return messages.filter(({ type }) => type === 'accepted').map(({ job }) => job);
}

describe('the same id from the same sender', () => {
  test('twice over MQTT, as after a lost PUBACK, is one job and one change', async () => {
    const word = { command: 'failover', id: 'press-1' };
    const topic = topics.switchCommand('id-mqtt');
    const { id } = await road.ask(word, topic);
    await road.say(word, topic);
    await road.ended(id);
    expect((await jobsOf('id-mqtt')).map((job) => [job.id, job.trigger.id, job.joined])).toEqual([[id, 'press-1', []]]);
    expect(changesOf('id-mqtt')).toBe(1);
  });

  test("is one job on a device's two roads, and both are answered", async () => {
    const press = { command: 'failover', switch: 'id-roads', id: 'press-2' };
    const { id } = await road.ask(press, topics.deviceCommand(DEVICE));
    const answer = await road.api(`/api/devices/${DEVICE}/command`, press, DEVICE_TOKEN);
    expect([answer.status, ((await answer.json()) as Job).id]).toEqual([202, id]);
    await road.ended(id);
    expect(await jobsOf('id-roads')).toMatchObject([{ id, trigger: { kind: 'button', actor: DEVICE, id: 'press-2' } }]);
    expect(changesOf('id-roads')).toBe(1);
  });

  test('is the same job after it has ended, too, and is answered with its end', async () => {
    const press = { command: 'failover', switch: 'id-ended', id: 'press-3' };
    const { id } = await road.ask(press, topics.deviceCommand(DEVICE));
    await road.ended(id);
    const replies = topics.deviceReplies(DEVICE);
    const seen = road.on(replies).length;
    await road.say({ ...press, ageMs: 3_000 }, topics.deviceCommand(DEVICE));
    const reply = await until('a reply', () => road.on(replies)[seen]);
    expect(JobMessage.parse(JSON.parse(reply)).job).toMatchObject({ id, status: 'succeeded' });
    const answer = await road.api(`/api/devices/${DEVICE}/command`, press, DEVICE_TOKEN);
    expect(((await answer.json()) as Job).id).toBe(id);
    expect(await jobsOf('id-ended')).toHaveLength(1);
    expect(changesOf('id-ended')).toBe(1);
  });

  test('says nothing about the same id of another sender, which joins as itself', async () => {
    road.world.route53.setInsyncAfter(Number.POSITIVE_INFINITY);
    const word = { command: 'failover', id: 'same' };
    const { id } = await road.ask(word, topics.switchCommand('id-senders'));
    await road.say({ ...word, switch: 'id-senders' }, topics.deviceCommand(DEVICE));
    await until('the device is answered', () => accepted(topics.deviceReplies(DEVICE)).some((job) => job.id === id));
    road.world.route53.setInsyncAfter(0);
    road.world.route53.settle();
    const job = await road.ended(id);
    expect(job.joined).toMatchObject([{ kind: 'button', actor: DEVICE, id: 'same' }]);
    expect(changesOf('id-senders')).toBe(1);
  });
});

describe('a command older than it may be', () => {
  const OLD: readonly (readonly [string, string, object])[] = [
    ['than a minute', 'old', { ageMs: 60_001 }],
    ['than its own expiresInMs', 'old-for-it', { ageMs: 5_001, expiresInMs: 5_000 }],
  ];

  test.each(OLD)('%s changes nothing, and its sender is told', async (_what, name, age) => {
    const { changes } = road.world.route53;
    const replies = topics.deviceReplies(DEVICE);
    const seen = road.on(replies).length;
    await road.say({ command: 'failover', switch: name, id: `late-${name}`, ...age }, topics.deviceCommand(DEVICE));
    const reply = await until('a reply', () => road.on(replies)[seen]);
    expect(reply).toContain('"code": "expired"');
    await until('the job', async () => (await jobsOf(name)).length > 0);
    expect(await jobsOf(name)).toMatchObject([
      { status: 'refused', error: { code: 'expired' }, startedAt: null, steps: [] },
    ]);
    expect(road.world.route53.changes).toBe(changes);
  });

  test('is not one that is as old as it may be', async () => {
    const { id } = await road.ask(
      { command: 'failover', ageMs: 500_000, expiresInMs: 600_000 },
      topics.switchCommand('fresh'),
    );
    const job = await road.ended(id);
    expect(job.status).toBe('succeeded');
    expect(Date.parse(job.acceptedAt) - Date.parse(job.pressedAt ?? '')).toBe(500_000);
  });
});

describe('one effective change in spite of', () => {
  test.each(WEATHER)('%s', async (name, spells) => {
    const { route53 } = road.world;
    const { changes } = route53;
    route53.weather(...spells);
    const { id } = await road.ask('failover', topics.switchCommand(name));
    const job = await road.ended(id);
    route53.clearWeather();
    expect(job).toMatchObject({ status: 'succeeded', outcome: 'switched', verified: true, error: null });
    expect(route53.changes).toBe(changes + 1);
    expect(await (await road.api(`/api/switches/${name}`)).json()).toMatchObject({ position: 'maintenance' });
  });
});
