import type { Command } from 'commander';
import type { Config } from '../config/read.ts';
import { CliFailure } from './failure.ts';
import { CONFIG_DEFAULT, example, jsonOption } from './options.ts';
import { paint, plain, say, sayJson } from './terminal.ts';

interface TestOptions {
  readonly config: string;
  readonly json?: boolean;
}

/** What came back from one receiver. */
interface Result {
  readonly name: string;
  readonly kind: string;
  readonly ok: boolean;
  readonly text: string;
}

const DEADLINE_MS = 15_000;

export function registerNotify(program: Command): void {
  const group = program
    .command('notify')
    .summary('try those who are told')
    .description('What dashover.yaml names under notify, tried without the endpoint.');
  const test = group
    .command('test')
    .summary('send a test message to each receiver')
    .description(
      'Sends a test message to each receiver of dashover.yaml, and says what came back. Needs no endpoint. PagerDuty gets a page of severity info that is resolved at once. Exit 1 when one of them did not take it.',
    )
    .option('--config <file>', 'the configuration', CONFIG_DEFAULT)
    .addOption(jsonOption())
    .action(testReceivers);
  example(test, 'dashover notify test --config /etc/dashover/dashover.yaml');
  example(group, 'dashover notify test');
}

async function testReceivers({ config: path, json }: TestOptions): Promise<void> {
  const { readConfig } = await import('../config/read.ts');
  const { notify, http } = readConfig(path, process.env);
  if (notify.length === 0) {
    const hint = "Add receivers, such as { kind: slack, url: '${SLACK_URL}' }.";
    throw new CliFailure('nobody-to-notify', 'dashover.yaml names nobody under notify.', hint);
  }
  const results = await tryAll(notify, http.publicUrl ?? null);
  if (json === true) sayJson({ receivers: results });
  else for (const result of results) say(resultInWords(result));
  const failed = results.filter(({ ok }) => !ok).map(({ name }) => name);
  if (failed.length === 0) return;
  if (json === true) process.exitCode = 1;
  else {
    const hint = 'Mend its entry under notify, or what stands between here and there, and test again.';
    throw new CliFailure('not-notified', `Not everybody took the test message: ${failed.join(', ')}.`, hint);
  }
}

async function tryAll(notify: Config['notify'], link: string | null): Promise<Result[]> {
  const [{ openNotifiers }, { openIds }, { systemClock }, { testBodies }] = await Promise.all([
    import('../adapters/notifiers.ts'),
    import('../adapters/ids.ts'),
    import('../../shared/system-clock.ts'),
    import('../jobs/notice/test-notice.ts'),
  ]);
  const { receivers, hearts } = openNotifiers(notify, systemClock);
  const mark = openIds().next();
  return Promise.all(
    notify.map(async ({ name, kind }): Promise<Result> => {
      const signal = AbortSignal.timeout(DEADLINE_MS);
      const fromMs = systemClock.monotonicMs();
      const bad = await tryOne(signal);
      const ms = Math.round(systemClock.monotonicMs() - fromMs);
      return { name, kind, ok: bad === null, text: bad ?? `took it, in ${ms} ms` };

      async function tryOne(over: AbortSignal): Promise<string | null> {
        if (kind === 'heartbeat') return (await hearts[name]?.beat(over)) ?? null;
        for (const body of testBodies(kind, { nowMs: systemClock.nowMs(), mark, link })) {
          const receipt = await receivers[name]?.deliver({ id: 0, body, attempts: 0, createdAtMs: 0 }, over);
          if (receipt && receipt.kind !== 'delivered') return receipt.reason;
        }
        return null;
      }
    }),
  );
}

function resultInWords({ name, kind, ok, text }: Result): string {
  const called = name === kind ? name : `${name} (${kind})`;
  return `${ok ? paint('green', '✓') : paint('red', '✗')} ${called}: ${plain(text)}`;
}
