import type { Path, Report } from './problems.ts';
import { Mqtt } from './schema.ts';
import { isMapping, salvage, valueAt } from './walk.ts';

/** Checks what the keys of `mqtt` say about each other. */
export function checkMqtt(file: unknown, report: Report): void {
  const raw = valueAt(file, ['mqtt']);
  if (!isMapping(raw)) return;
  const has = (key: string): boolean => Object.hasOwn(raw, key);
  if (has('cert') !== has('key')) {
    const missing = has('cert') ? 'key' : 'cert';
    report(at(missing), 'is missing; a certificate needs its private key and the other way round: write cert and key.');
  }
  if (has('username') !== has('password')) {
    const missing = has('username') ? 'password' : 'username';
    report(at(missing), 'is missing; write username and password, or neither.');
  }
  const { url } = salvage(Mqtt, raw);
  if (url === undefined) return;
  const { protocol, username, password, hash } = new URL(url);
  if (username !== '' || password !== '' || hash !== '') {
    report(at('url'), 'has a user name, a password or a # in it; write username and password as keys of their own.');
  }
  const material = ['ca', 'cert', 'key'].find(has);
  if ((protocol === 'mqtt:' || protocol === 'ws:') && material !== undefined) {
    report(
      at('url'),
      `is not encrypted, so ${material} would not be used; write ${protocol === 'ws:' ? 'wss:' : 'mqtts:'}.`,
    );
  }
}

function at(key: string): Path {
  return ['mqtt', key];
}
