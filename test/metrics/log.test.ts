import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Job } from '../../shared/messages.ts';
import { startWorld } from '../world/world.ts';

test('the log of a failover is JSON, a sentence a line, each with its switch and its job, and a step each', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dashover-log-'));
  const world = await startWorld({ folder, ports: 'any', insyncAfterMs: 0 });
  const { http, tokens, switch: name } = world.file;
  const headers = { authorization: `Bearer ${tokens.ops}` };
  const asked = await fetch(`${http}/api/switches/${name}/failover`, { method: 'POST', headers });
  const { id } = (await asked.json()) as Job;
  const ended = (await (await fetch(`${http}/api/jobs/${id}?wait=15s`, { headers })).json()) as Job;
  await world[Symbol.asyncDispose]();

  const text = await readFile(world.logFile, 'utf8');
  await rm(folder, { recursive: true });
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.filter((line) => typeof line['text'] !== 'string' || line['level'] === undefined)).toEqual([]);
  expect(lines.filter((line) => 'lane' in line || 'err' in line)).toEqual([]);
  const ofJob = lines.filter((line) => line['job'] === id);
  expect(ofJob.filter((line) => line['switch'] !== name)).toEqual([]);
  expect(ofJob.map((line) => line['step'] ?? line['kind'])).toEqual([
    'accepted',
    ...ended.steps.map((step) => step.name),
    'succeeded',
  ]);
  expect(ofJob.filter((line) => !/^[A-Z\w].*[.]$/.test(String(line['text'])))).toEqual([]);
  const told = lines.filter((line) => String(line['text']).includes('moved') && line['job'] === undefined);
  expect(told).toEqual([]);
}, 60_000);
