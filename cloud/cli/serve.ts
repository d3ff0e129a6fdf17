import { systemClock } from '../../shared/system-clock.ts';
import { openNameServers } from '../adapters/dns.ts';
import { openIds } from '../adapters/ids.ts';
import { LOG_LEVELS, type LogLevel, openLog } from '../adapters/log.ts';
import { openBus } from '../adapters/mqtt.ts';
import { openNotifiers } from '../adapters/notifiers.ts';
import { openProber } from '../adapters/probe.ts';
import { openMeter } from '../adapters/prometheus.ts';
import { openRecordStore } from '../adapters/route53.ts';
import { type AppPorts, startApp } from '../app.ts';
import { type Config, readConfig } from '../config/read.ts';
import { ENDPOINT_SUBSCRIPTIONS } from '../../shared/topics.ts';
import type { Log } from '../../shared/log.ts';
import { CliFailure, wrongUse } from './failure.ts';
import { openStore } from './open-store.ts';
import { VERSION } from './version.ts';

/**
 * `dashover serve`: the whole life of the endpoint on one screen, torn down in reverse order on SIGTERM or Ctrl-C.
 * Throws ConfigProblems (exit 2), or a CliFailure when the store or the address cannot be had.
 */
export async function serve(options: { readonly config: string; readonly json?: boolean }): Promise<void> {
  const config = readConfig(options.config, process.env);
  const log = openLog({
    level: logLevel(process.env['DASHOVER_LOG']),
    forPeople: process.stdout.isTTY && options.json !== true,
  });
  crashOnOurMistakes(log);
  const clock = systemClock;
  const ids = openIds();
  log.info({ config: config.path, version: VERSION, pid: process.pid }, `dashover ${VERSION} starts.`);

  await using store = await openStore(config.store, { clock, log });
  await using records = await openRecordStore({ ...config.route53, log });
  await using meter = openMeter({ version: VERSION });
  await using app = await startApp({
    config,
    clock,
    ids,
    log,
    store,
    records,
    nameServers: openNameServers({ nameServers: config.dns.nameServers }),
    prober: openProber(),
    openBus: busOpener(config, log),
    ...openNotifiers(config.notify, clock),
    meter,
  }).catch((error: unknown) => {
    throw addressTaken(error, config) ?? error;
  });
  log.info({ address: app.address }, `Listening on ${app.address}.`);
  const signal = await stopSignal();
  log.info({ signal }, `${signal}: stopping. What is running is handed over as it stands.`);
}

function busOpener({ mqtt }: Config, log: Log): AppPorts['openBus'] {
  if (!mqtt) return null;
  const ids = openIds();
  const clientId = mqtt.clientId ?? `dashover-${ids.next().slice(-12)}`;
  return (onMessage, onConnect) =>
    openBus({
      ...mqtt,
      clientId,
      subscriptions: ENDPOINT_SUBSCRIPTIONS,
      version: VERSION,
      onMessage,
      onConnect,
      clock: systemClock,
      ids,
      log,
    });
}

function logLevel(text: string | undefined): LogLevel {
  const level = LOG_LEVELS.find((one) => one === (text ?? 'info'));
  if (level) return level;
  throw wrongUse(`DASHOVER_LOG is "${text ?? ''}".`, `Set it to one of ${LOG_LEVELS.join(', ')}.`);
}

/**
 * Resolves with the first signal to stop; a second one ends the process at once. Started by a program that keeps a
 * channel to it (Node's `ipc`), it also stops when that program is gone, however that ended.
 */
function stopSignal(): Promise<NodeJS.Signals | 'disconnect'> {
  return new Promise((resolve) => {
    process.once('disconnect', () => resolve('disconnect'));
    if ('connected' in process && !process.connected) resolve('disconnect');
    // The channel alone is no reason to stay.
    process.channel?.unref();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130));
        resolve(signal);
      });
    }
  });
}

/** A mistake of ours leaves nothing half-known running: the process ends, and its jobs are taken up by the next one. */
function crashOnOurMistakes(log: Log): void {
  const crash = (error: unknown): void => {
    log.error(
      { error },
      'This is a mistake in dashover; the process ends, and its jobs go on when it is started again.',
    );
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
}

function addressTaken(error: unknown, { http }: Config): CliFailure | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const address = `${http.listen.host}:${http.listen.port}`;
  if (code === 'EADDRINUSE') {
    const hint = 'End that program, or set http.listen in dashover.yaml to another port.';
    return new CliFailure('address-taken', `${address} is taken by another program.`, hint, { cause: error });
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    const hint = 'Set http.listen in dashover.yaml to an address of this machine and a port above 1023.';
    return new CliFailure('address-unusable', `This machine may not listen on ${address} (${code}).`, hint, {
      cause: error,
    });
  }
  return undefined;
}
