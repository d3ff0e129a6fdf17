import { systemClock } from '../shared/system-clock.ts';
import { checkCertificates } from './adapters/check-certificates.ts';
import { checkClock } from './adapters/check-clock.ts';
import { drillCommand } from './adapters/check-drill.ts';
import type { Finding } from './adapters/check-finding.ts';
import { checkHttps } from './adapters/check-https.ts';
import { checkRoad } from './adapters/check-road.ts';
import { chooseClient, loadClient } from './adapters/link-client.ts';
import { randomIds } from './adapters/random-ids.ts';
import { findRunning } from './adapters/running.ts';
import { wiringOf } from './config/gpio.ts';
import type { ButtonConfig } from './config/schema.ts';
import { mqttOptions } from './roads.ts';

export interface CheckOptions {
  /** Send a drill to the endpoint, which is recorded there as any other. */
  readonly drill: boolean;
}

/** Everything that can be known before the emergency, in the order in which a person would look. */
export async function* checkButton(config: ButtonConfig, { drill }: CheckOptions): AsyncGenerator<Finding> {
  const options = mqttOptions(config);
  const running = await findRunning(options.broker);
  if (running) yield whoRuns(running);
  yield* lines(config, running !== undefined);
  yield await checkClock(systemClock);
  yield* checkCertificates(config.mqtt, config.device, systemClock);
  const connect = await loadClient(chooseClient(config.mqtt, process.arch));
  const must = options.commands.includes('drill');
  const sent = drill ? { id: randomIds.next(), must } : undefined;
  yield* checkRoad({ ...options, connect }, { running: running !== undefined, drill: sent });
  const { https, device, switch: name } = config;
  if (!https) return;
  const road = { ...https, device, switch: name, clock: systemClock };
  yield* checkHttps(road, sent?.must === true ? drillCommand(options, sent) : undefined);
}

function whoRuns({ pid, lamp }: { readonly pid: number; readonly lamp: string }): Finding {
  const ok = !/^(OFFLINE|CONNECTED|BUTTON FAULT|NOT DELIVERED):/.test(lamp);
  return { name: 'running', ok, text: `The button runs (process ${pid}), and its lamp says: ${lamp}` };
}

async function* lines(config: ButtonConfig, running: boolean): AsyncGenerator<Finding> {
  const wiring = wiringOf(config);
  if (config.input !== 'gpio' && !wiring.leds) return;
  if (running) {
    yield { name: 'lines', ok: null, text: 'Not tried: the button that runs holds them, and its lamp tells of them.' };
    return;
  }
  const [{ openKernel }, { checkLines }] = await Promise.all([
    import('./adapters/gpio-kernel.ts'),
    import('./adapters/check-lines.ts'),
  ]);
  yield* checkLines(openKernel(), wiring, systemClock);
}
