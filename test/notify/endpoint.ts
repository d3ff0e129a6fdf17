import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { makeEngine } from '../../cloud/engine/make-engine.ts';
import type { SwitchEngine } from '../../cloud/intake/accept.ts';
import type { JobData, Origin, SwitchCommand } from '../../cloud/jobs/command.ts';
import { makeRules } from '../../cloud/jobs/make-rules.ts';
import { onlyWhatCounts } from '../../cloud/jobs/notice/gate.ts';
import type { NotifySettings } from '../../cloud/jobs/notice/settings.ts';
import type { Receiver } from '../../cloud/ports.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import type { Log } from '../../shared/log.ts';
import { makePlayedClock, type PlayedClock } from '../engine/clock.ts';
import { makeWorld } from '../jobs/lane-driver.ts';

export interface Told extends AsyncDisposable {
  readonly engine: SwitchEngine;
  readonly clock: PlayedClock;
  /** Everything that the log and the journal were given, as text. */
  said(): Promise<string>;
  /** The sentences of the journal's rows of that kind. */
  lines(kind: string): Promise<string[]>;
  command(command: 'failover' | 'restore' | 'drill'): Promise<void>;
  /** Lets played time pass, never while an answer is on its way: that one takes real time. */
  pass(ms: number, stepMs?: number): Promise<void>;
  /** Passes time until it is so. */
  until(what: string, condition: () => boolean): Promise<void>;
  /** The process is gone in the middle of whatever it did; another one begins on the same store. */
  crash(): Promise<void>;
}

type Kinds = Readonly<
  Record<string, { readonly kind: NotifySettings['receivers'][number]['kind']; readonly receiver: Receiver }>
>;

const OPS: Origin = { kind: 'api', actor: 'ops', automatic: false, authenticated: true, replyTo: [] };

/** Engine, rules and store as they are, one switch whose moves succeed at once, and a clock that only the test moves. */
export async function openTold(make: (clock: PlayedClock) => Kinds): Promise<Told> {
  const folder = mkdtempSync(join(tmpdir(), 'dashover-told-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const clock = makePlayedClock(Date.UTC(2026, 10, 22, 12));
  const kinds = make(clock);
  const { switches, automation } = makeWorld();
  const receivers = Object.entries(kinds).map(([name, { kind }]) => ({ name, kind, on: ['*'] }));
  const notify: NotifySettings = { receivers, link: null, devices: [], switches: ['www'] };
  const logged: string[] = [];
  const onTheWay = new Set<object>();
  let process = 0;
  let store = await openSqliteStore({ path: join(folder, 'told.db'), clock });
  let engine = begin();
  await engine.command('www', observed('primary'), { sender: 'watch', commandId: null });

  function begin(): SwitchEngine {
    const owner = `process-${++process}`;
    let made = 0;
    const begun: SwitchEngine = makeEngine({
      store,
      rules: makeRules({ switches, automation, notify }),
      runbook: async ({ job }) => {
        const reading = { kind: 'position', position: job.data.to } as const;
        const outcome = job.data.command === 'drill' ? 'drilled' : 'switched';
        const data: JobData = { ...job.data, outcome, verified: true, reading };
        return { status: 'succeeded', data };
      },
      failed: ({ data }) => ({ status: 'failed', data }),
      stopped: ({ data }) => ({ status: 'cancelled', data }),
      receivers: Object.fromEntries(
        Object.entries(kinds).map(([name, { receiver }]) => [name, counted(begunGate(receiver))]),
      ),
      lanes: ['www'],
      owner,
      clock,
      ids: { next: () => `${owner}-${String(++made).padStart(6, '0')}`, random: () => 0.5 },
      log: keep(logged),
    });
    function begunGate(receiver: Receiver): Receiver {
      return onlyWhatCounts(receiver, (name) => begun.state(name));
    }
    begun.start();
    return begun;
  }

  function counted(receiver: Receiver): Receiver {
    return {
      ...receiver,
      async deliver(message, signal) {
        onTheWay.add(message);
        try {
          return await receiver.deliver(message, signal);
        } finally {
          onTheWay.delete(message);
        }
      },
    };
  }

  /** Real time for what is on loopback; a receiver that hangs is not waited for longer than this. */
  async function arrive(): Promise<void> {
    for (let looks = 0; looks < 6 && onTheWay.size > 0; looks++) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  const told: Told = {
    get engine() {
      return engine;
    },
    clock,
    async said() {
      return `${logged.join('\n')}\n${JSON.stringify(await store.journal(0, 1_000))}`;
    },
    lines: async (kind) => (await store.journal(0, 1_000)).filter((row) => row.kind === kind).map(({ text }) => text),
    async command(command) {
      const move: SwitchCommand = {
        kind: 'move',
        command,
        to: null,
        origin: OPS,
        alert: null,
        reason: null,
        ageMs: 0,
        expiresInMs: 60_000,
        ifRevision: null,
        override: [],
      };
      const { job } = await engine.command('www', move, { sender: 'token:ops', commandId: null });
      await engine.wait(job?.id ?? '', 60_000);
      await told.pass(0);
    },
    async pass(ms, stepMs = 5_000) {
      await clock.advance(0);
      await arrive();
      for (let passed = 0; passed < ms; passed += stepMs) {
        await clock.advance(Math.min(stepMs, ms - passed));
        await arrive();
      }
    },
    async until(what, condition) {
      for (let looks = 0; looks < 2_000; looks++) {
        if (condition()) return;
        await told.pass(1_000, 1_000);
      }
      throw new Error(`this never came: ${what}`);
    },
    async crash() {
      // What the old process would still do is cut off at its store, as a death does.
      const old = engine;
      await store[Symbol.asyncDispose]();
      store = await openSqliteStore({ path: join(folder, 'told.db'), clock });
      engine = begin();
      void old.stop(0);
      await told.pass(0);
    },
    async [Symbol.asyncDispose]() {
      await engine.stop(0);
      await store[Symbol.asyncDispose]();
    },
  };
  return told;
}

function observed(position: string): SwitchCommand {
  return { kind: 'observed', reading: { kind: 'position', position } };
}

function keep(logged: string[]): Log {
  const write = (about: object, sentence: string): void => {
    const error = 'err' in about && about.err instanceof Error ? about.err.stack : '';
    logged.push(`${sentence} ${JSON.stringify(about)} ${error}`);
  };
  return { debug: write, info: write, warn: write, error: write };
}
