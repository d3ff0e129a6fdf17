import { expect, test } from 'vitest';
import { makeEventReader } from '../../cloud/dashboard/page/events.js';
import {
  cachesLeft,
  emptyModel,
  endpointNowMs,
  jobsOf,
  withJobs,
  withState,
} from '../../cloud/dashboard/page/model.js';
import { clock, countdown, duration, lasted } from '../../cloud/dashboard/page/times.js';
import { en } from '../../cloud/dashboard/page/en.js';
import { ja } from '../../cloud/dashboard/page/ja.js';
import { jobOf, NOW, stateOf, stepOf } from './told.ts';

const second = (n: number): string => new Date(NOW + n * 1_000).toISOString();

test('an older account of a job never replaces a newer one, whichever road it came by', () => {
  const running = jobOf({ status: 'running', steps: [stepOf('guard', 'succeeded'), stepOf('read', 'running')] });
  const before = jobOf({ status: 'running', steps: [stepOf('guard', 'running')] });
  const queued = jobOf({ status: 'queued', steps: [] });
  const ended = jobOf({ status: 'succeeded', steps: running.steps });
  const at = (...told: (typeof running)[]) => withJobs(emptyModel(), told).jobs.get('job-1');
  expect(at(running, before, queued)).toBe(running);
  expect(at(before, running)).toBe(running);
  expect(at(ended, running)).toBe(ended);
});

test('a card shows what is in hand, the last job that ended, and a refusal only when it is newer', () => {
  const jobs = [
    jobOf({ id: 'a', status: 'succeeded', acceptedAt: second(1) }),
    jobOf({ id: 'b', status: 'refused', acceptedAt: second(2) }),
    jobOf({ id: 'c', status: 'running', acceptedAt: second(3) }),
    jobOf({ id: 'other', switch: 'api', status: 'running', acceptedAt: second(4) }),
  ];
  const shown = jobsOf(withJobs(emptyModel(), jobs), 'www');
  expect([shown.inHand.map(({ id }) => id), shown.last?.id, shown.refused?.id]).toEqual([['c'], 'a', 'b']);
  const later = jobsOf(withJobs(emptyModel(), [...jobs, jobOf({ id: 'd', acceptedAt: second(5) })]), 'www');
  expect([later.last?.id, later.refused]).toEqual(['d', undefined]);
});

test("times are told by the endpoint's clock, however wrong that of the telephone is", () => {
  const phoneNowMs = NOW - 3_600_000;
  const model = withState(withState(emptyModel(), stateOf({}), phoneNowMs), stateOf({}), phoneNowMs + 40);
  expect(endpointNowMs(model, phoneNowMs)).toBe(NOW);
});

test('the bar of the caches begins full when Route 53 has the change, and is gone when they have let go', () => {
  const last = jobOf({ steps: [{ ...stepOf('settle', 'succeeded'), finishedAt: new Date(NOW).toISOString() }] });
  const state = stateOf({ cachesUntil: new Date(NOW + 60_000).toISOString() });
  expect(cachesLeft(state, last, NOW)).toEqual({ leftMs: 60_000, wholeMs: 60_000 });
  expect(cachesLeft(state, last, NOW + 45_000)).toEqual({ leftMs: 15_000, wholeMs: 60_000 });
  expect(cachesLeft(state, last, NOW + 60_000)).toBeNull();
  expect(cachesLeft(stateOf({}), last, NOW)).toBeNull();
});

test('events are whole however the network has cut them', () => {
  const stream = 'retry: 2000\n\nevent: state\ndata: {"text":"a: b"}\n\n:\n\nevent: job\ndata: {"text":"切替"}\n\n';
  for (const size of [1, 2, 7, 1_000]) {
    const heard: unknown[] = [];
    const read = makeEventReader((event, data) => heard.push([event, data]));
    for (let at = 0; at < stream.length; at += size) read(stream.slice(at, at + size));
    expect(heard).toEqual([
      ['state', { text: 'a: b' }],
      ['job', { text: '切替' }],
    ]);
  }
});

test('durations are short, and say what matters at their size', () => {
  const said = [20, 240, 12_345, 65_000, 7_500_000, 200_000_000].map((ms) => duration(ms, en));
  expect(said).toEqual(['<0.1 s', '0.2 s', '12 s', '1 min 5 s', '2 h 5 min', '2 d 7 h']);
  expect([lasted(59_000, en), lasted(720_000, en), lasted(7_500_000, ja)]).toEqual([
    'under a minute',
    '12 min',
    '2時間5分',
  ]);
  expect([countdown(42_100), countdown(60_000), countdown(3_725_000), countdown(-5)]).toEqual([
    '0:43',
    '1:00',
    '1:02:05',
    '0:00',
  ]);
});

test('a time of another day has its date', () => {
  const at = new Date(2026, 10, 22, 3, 4, 10);
  expect(clock(at.toISOString(), at.getTime(), 'en')).toBe('03:04:10');
  expect(clock(at.toISOString(), at.getTime() + 86_400_000, 'en')).toBe('Nov 22, 2026, 03:04:10');
  expect(clock(at.toISOString(), at.getTime() + 86_400_000, 'ja')).toBe('2026年11月22日 03:04:10');
});
