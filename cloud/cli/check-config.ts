import type { Config } from '../config/read.ts';
import { ownedBy } from '../jobs/records.ts';
import type { Finding } from './check-finding.ts';

type Switch = Config['switches'][number];

/** What the configuration says that is allowed, and may be meant otherwise. `url` is where the SDK sends its calls. Pure. */
export function checkConfig(config: Config, url: string): readonly Finding[] {
  return [...config.switches.flatMap((one) => aboutSwitch(config, one)), ...circles(config), ...aboutAws(config, url)];
}

function aboutSwitch(config: Config, { name, probe, positions }: Switch): readonly Finding[] {
  const warn = (text: string): Finding => ({ switch: name, level: 'warn', text });
  const triggers = config.triggers.filter((trigger) => trigger.automatic && trigger.switch === name);
  const nameless = triggers.map(({ id, command }) =>
    warn(
      `the automatic trigger ${id.slice(0, 8)}… (${command}) cannot tell monitors and groups apart: whatever calls it is one alert, and the first recovery closes it. Datadog's webhook URL can.`,
    ),
  );
  const asks = Object.entries(probe).flatMap(([position, { url, connectTo }]) => {
    const host = hostOf(url);
    if (connectTo !== undefined || !owns(positions, host)) return [];
    return [
      warn(
        `the probe of ${position} asks ${host}, which this switch moves: it hears whoever the name leads to at that moment. Give it connectTo, or another host.`,
      ),
    ];
  });
  const blind =
    restoresByItself(config, name) && probe['primary'] === undefined
      ? [warn('automation may restore it, and nothing asks primary first whether it answers. Give it a probe.')]
      : [];
  return [...nameless, ...asks, ...blind];
}

/** Something without a human behind it may ask for a restore. */
function restoresByItself({ tokens, triggers }: Config, name: string): boolean {
  const byToken = tokens.some(({ on, may, via, automatic }) => {
    const reaches = on.includes('*') || on.includes(name);
    const allowed = may.some((what) => what === '*' || what === 'restore');
    return reaches && allowed && (automatic || via?.includes('datadog') === true);
  });
  return byToken || triggers.some((one) => one.switch === name && one.automatic && one.command === 'restore');
}

/** What the endpoint itself needs, and finds by a name that it moves. */
function circles({ switches, http, mqtt, notify }: Config): readonly Finding[] {
  const needs = [
    ['http.publicUrl', http.publicUrl],
    ['mqtt.url', mqtt?.url],
    ...notify.map(({ name, url }) => [`notify: ${name}`, url] as const),
  ] as const;
  return needs.flatMap(([key, url]) => {
    const host = url === undefined ? undefined : hostOf(url);
    const mover = host === undefined ? undefined : switches.find(({ positions }) => owns(positions, host));
    if (host === undefined || !mover) return [];
    const text = `${key} is at ${host}, which ${mover.name} moves: after a failover it would be looked for at ${mover.failoverTo}. Use a name of its own.`;
    return [{ switch: null, level: 'warn' as const, text }];
  });
}

/** Only where the configuration names no local Route 53. */
function aboutAws({ route53 }: Config, url: string): readonly Finding[] {
  if (route53.endpoint !== undefined) return [];
  const found: Finding[] = [];
  if (!/\.amazonaws\.com(\.cn)?$/.test(url)) {
    const text = `Route 53 is reached at ${url}, which is not AWS: AWS_ENDPOINT_URL or a profile says so. Remove it there, or write route53.endpoint.`;
    found.push({ switch: null, level: 'warn', text });
  }
  return found;
}

function owns(positions: Switch['positions'], host: string): boolean {
  return ownedBy(positions).some(
    ({ name }) => name === host || (name.startsWith('*.') && host.endsWith(name.slice(1))),
  );
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/\.$/, '').toLowerCase();
}
