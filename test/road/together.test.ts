import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from '../../shared/messages.ts';
import { PREFIX_DEFAULT, topics } from '../../shared/topics.ts';
import { DEVICE } from '../world/world-file.ts';
import { isUnfinished, openRoad, type Road, until } from './road.ts';
import { addSwitches } from './switches.ts';

const SEEDS = Array.from({ length: 20 }, (_, at) => at + 1);
const CLIENTS = 5;
const WORDS_EACH = 2;
/** As long as a move takes here, so that some words meet one before its change, some after. */
const DELAY_MS_MAX = 600;
const JOINED = 'joined';

interface JournalEntry {
  readonly seq: number;
  readonly kind: string;
  readonly switch: string | null;
  readonly detail: { readonly job?: string; readonly to?: string };
}

let road: Road;
/** The most change calls that Route 53 had in hand at once. */
let inFlightMax = 0;
/** What the twenty races were answered, by switch: every intent that became a job or joined one. */
const answered = new Map<string, readonly string[]>();

beforeAll(async () => {
  road = await openRoad({ insyncAfterMs: 50 });
  await addSwitches(road, [JOINED, ...SEEDS.map(nameOf)], (file) => {
    // Twenty switches want to collide here, and not to queue for the five requests a second of an AWS account.
    file.route53.requestsPerSecond = 1_000;
    file.devices[DEVICE] = { on: ['*'], may: ['failover', 'restore', 'drill'] };
    for (const seed of SEEDS) {
      file.triggers.push(
        ...(['failover', 'restore'] as const).map((command) => {
          const id = triggerId(seed, command);
          return { id, secret: secretOf(id), switch: nameOf(seed), command };
        }),
      );
    }
  });
});
afterAll(() => road[Symbol.asyncDispose]());

const nameOf = (seed: number): string => `race-${seed}`;
const triggerId = (seed: number, command: string): string =>
  `${command === 'failover' ? 'f' : 'e'}${String(seed).padStart(31, '0')}`;

const secretOf = (id: string): string => `secret-of-${id}`;

/** Mulberry32: the same seed races the same race. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of five clients: two at MQTT test clients, a button, an API user and a trigger. */
async function sayAs(client: number, seed: number, command: string, people: readonly mqtt.MqttClient[]): Promise<void> {
  const name = nameOf(seed);
  switch (client) {
    case 0:
    case 1:
      await people[client]?.publishAsync(`${PREFIX_DEFAULT}/${topics.switchCommand(name)}`, command, { qos: 1 });
      return;
    case 2: {
      const press = JSON.stringify({ command, switch: name });
      await people[0]?.publishAsync(`${PREFIX_DEFAULT}/${topics.deviceCommand(DEVICE)}`, press, { qos: 1 });
      return;
    }
    case 3:
      await expectAccepted(await road.api(`/api/switches/${name}/${command}`, {}));
      return;
    default: {
      const id = triggerId(seed, command);
      const headers = { authorization: `CAAuth ${secretOf(id)}` };
      await expectAccepted(await fetch(`${road.world.file.http}/trigger/${id}`, { method: 'POST', headers }));
    }
  }
}

async function expectAccepted(answer: Response): Promise<void> {
  if (answer.status !== 202) throw new Error(`Answered ${answer.status}: ${await answer.text()}`);
  await answer.body?.cancel();
}

test('a press and a trigger at the same moment are one job, and both are in it', async () => {
  const { changes } = road.world.route53;
  const [job] = await Promise.all([
    road.ask({ command: 'failover', switch: JOINED, id: 'press' }, topics.deviceCommand(DEVICE)),
    road.api(`/api/switches/${JOINED}/failover`, {}).then(expectAccepted),
  ]);
  const ended = await road.ended(job.id);
  expect(ended).toMatchObject({ status: 'succeeded', outcome: 'switched', verified: true });
  expect([ended.trigger.kind, ...ended.joined.map(({ kind }) => kind)].toSorted()).toEqual(['api', 'button']);
  expect((await road.jobs()).filter((one) => one.switch === JOINED)).toHaveLength(1);
  expect(road.world.route53.changes).toBe(changes + 1);
});

async function race(seed: number, people: readonly mqtt.MqttClient[]): Promise<void> {
  const random = chance(seed);
  const words = Array.from({ length: CLIENTS * WORDS_EACH }, (_, at) => ({
    client: at % CLIENTS,
    command: random() < 0.5 ? 'failover' : 'restore',
    delayMs: Math.floor(random() * DELAY_MS_MAX),
  }));
  await Promise.all(
    words.map(async ({ client, command, delayMs }) => {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await sayAs(client, seed, command, people);
    }),
  );
}

async function journal(): Promise<readonly JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for (;;) {
    const after = entries.at(-1)?.seq ?? 0;
    const page = await (await road.api(`/api/audit?after=${after}&limit=200`)).json();
    const { entries: more } = page as { entries: JournalEntry[] };
    if (more.length === 0) return entries;
    entries.push(...more);
  }
}

/** Everything that was accepted for the switch of a seed, in the order in which it was decided. */
async function intents(seed: number): Promise<readonly JournalEntry[]> {
  const mine = (await journal()).filter((entry) => entry.switch === nameOf(seed));
  return mine.filter(({ kind }) => kind === 'accepted' || kind === 'joined');
}

async function decided(): Promise<number> {
  const kinds = ['accepted', 'joined'];
  return (await journal()).filter((entry) => kinds.includes(entry.kind) && entry.switch?.startsWith('race-')).length;
}

async function unfinished(): Promise<boolean> {
  return (await jobsOfRaces()).some(isUnfinished);
}

async function jobsOfRaces(): Promise<readonly Job[]> {
  const pages = await Promise.all(
    SEEDS.map(async (seed) => {
      const page = await road.api(`/api/jobs?switch=${nameOf(seed)}&limit=200`);
      return ((await page.json()) as { jobs: Job[] }).jobs;
    }),
  );
  return pages.flat();
}

describe(`failover and restore by ${CLIENTS} clients at the same moment`, () => {
  beforeAll(async () => {
    const { route53, broker } = road.world;
    // Long enough that two at once would meet; Route 53 refuses the second with PriorRequestNotComplete.
    route53.weather({ kind: 'slow', ms: 30, operation: 'ChangeResourceRecordSets', times: 1_000 });
    const off = route53.onCall((call) => {
      if (call.operation !== 'ChangeResourceRecordSets') return;
      const inHand = route53.calls.filter(
        ({ operation, outcome }) => operation === 'ChangeResourceRecordSets' && outcome === undefined,
      );
      // The one that has just been answered is told with its outcome.
      inFlightMax = Math.max(inFlightMax, inHand.length + 1);
    });
    const people = await Promise.all([0, 1].map(() => mqtt.connectAsync(broker.url, { reconnectPeriod: 0 })));
    try {
      await Promise.all(SEEDS.map((seed) => race(seed, people)));
      await until(
        'all have been decided',
        async () => (await decided()) === SEEDS.length * CLIENTS * WORDS_EACH,
        30_000,
      );
      await until('nothing is running', async () => !(await unfinished()), 40_000);
    } finally {
      off();
      await Promise.all(people.map((person) => person.endAsync(true)));
    }
    for (const seed of SEEDS)
      answered.set(
        nameOf(seed),
        (await intents(seed)).map(({ detail }) => detail.to ?? ''),
      );
  }, 60_000);

  test.each(SEEDS)('ends where the last accepted word says (seed %i)', async (seed) => {
    const name = nameOf(seed);
    const wanted = answered.get(name) ?? [];
    expect(wanted).toHaveLength(CLIENTS * WORDS_EACH);
    const state = await (await road.api(`/api/switches/${name}`)).json();
    expect(state).toMatchObject({ position: wanted.at(-1), job: null });
    const types = road
      .records()
      .filter((set) => set.name === `${name}.example.test.`)
      .map(({ type }) => type);
    expect(types).toEqual(wanted.at(-1) === 'maintenance' ? ['CNAME'] : ['A', 'AAAA']);
  });

  test('ends each job, and none in failure', async () => {
    const jobs = await jobsOfRaces();
    const ends = new Set(jobs.map(({ status }) => status));
    expect([...ends].filter((status) => status !== 'succeeded' && status !== 'superseded')).toEqual([]);
  });

  test('never has two changes in flight at once, and has sent none that Route 53 refused', () => {
    const changes = road.world.route53.calls.filter(({ operation }) => operation === 'ChangeResourceRecordSets');
    expect(inFlightMax).toBe(1);
    expect(changes.filter(({ outcome }) => outcome !== 200)).toEqual([]);
    // How many depends on who was quicker: most words meet one that takes their place before it has changed anything.
    expect(changes.length).toBeGreaterThan(5);
  });
});
