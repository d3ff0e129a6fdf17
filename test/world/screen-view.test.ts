import { expect, test } from 'vitest';
import type { Job, State } from '../../shared/messages.ts';
import { drawScreen, type View } from './screen-view.ts';

const long = 'delete AAAA www.example.test 2001:db8::10 (60 s), create CNAME www.example.test maintenance.example.test';
const steps = ['guard', 'read', 'plan', 'change', 'settle', 'verify'].map((name) => {
  return {
    name,
    status: 'succeeded',
    startedAt: '',
    finishedAt: null,
    text: `${name}: ${long}`,
    detail: null,
  } as const;
});

/** The worst that a failover puts on the screen: every step told at length, weather, a cut cable. */
function worst(more: Partial<View> = {}): View {
  return {
    world: {
      http: 'http://127.0.0.1:8080',
      name: 'www.example.test',
      switch: 'www',
      tokens: { ops: '0123456789abcdef0123456789abcdef', datadog: '' },
    } as View['world'],
    sites: { primary: 'up', maintenance: 'up' },
    visit: { dns: 'maintenance.example.test → 192.0.2.20', records: [], status: 503, site: 'maintenance' },
    state: { text: `www is at maintenance since 12:00:00 UTC, moved by lobby (button). ${long}` } as State,
    job: { text: `www moved from primary to maintenance. ${long}`, steps } as unknown as Job,
    lamp: { name: 'sent', text: 'The restore waits for the connection. It is dropped 60 s after the press.' },
    lampLit: true,
    endpoint: 'online',
    network: 'the button’s cable is cut; n mends it',
    weather: 'throttling',
    lines: Array.from({ length: 50 }, (_, at) => `12:00:00  event ${at}`),
    nowMs: 0,
    ...more,
  };
}

test.for([
  [80, 24],
  [80, 40],
  [140, 24],
  [140, 50],
  [60, 24],
  [40, 20],
] as const)('a screen of %i columns and %i rows is never overrun', ([columns, rows]) => {
  const lines = drawScreen(worst(), columns, rows);
  expect(lines.length).toBe(rows);
  expect(lines.filter((line) => line.length > columns)).toEqual([]);
});

test('what visitors get, the switch, the whole lamp and the keys stay on a screen of 80 by 24, whatever the job tells', () => {
  const text = drawScreen(worst(), 80, 24).join('\n');
  for (const needed of ['dig   ', 'sites  ', 'switch  ', 'job  ', 'verify  ', 'after the press.', 'q quit', 'l lose']) {
    expect(text).toContain(needed);
  }
});

test('the first line is where the dashboard is, with the token that signs in', () => {
  const [first] = drawScreen(worst(), 80, 24);
  expect(first).toBe('dashboard  http://127.0.0.1:8080/   token: 0123456789abcdef0123456789abcdef');
});

test('on a tall screen every word of the job is shown, and the newest events last', () => {
  const lines = drawScreen(worst(), 140, 60);
  expect(lines.join('\n').match(/maintenance\.example\.test$/gm)?.length).toBeGreaterThanOrEqual(6);
  expect(lines.at(-4)).toBe('12:00:00  event 49');
});
