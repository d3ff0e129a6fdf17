import { PREFIX_DEFAULT, topics } from '../../shared/topics.ts';
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
  const { url, prefix, clientId } = salvage(Mqtt, raw);
  checkTopics(prefix ?? PREFIX_DEFAULT, clientId, report);
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

/** What brokers take for a topic: AWS IoT Core has the least, and closes the connection over a longer one. */
const TOPIC_BYTES_MAX = 256;
/** `devices/{device}/presence` is the longest topic below the prefix that is not the client id's: 64 characters of name. */
const BELOW_PREFIX_BYTES_MAX = 'devices/'.length + 64 + '/presence'.length;

function checkTopics(prefix: string, clientId: string | undefined, report: Report): void {
  const bytes = new TextEncoder().encode(prefix).length + 1;
  if (bytes + BELOW_PREFIX_BYTES_MAX > TOPIC_BYTES_MAX) {
    report(
      at('prefix'),
      `makes topics longer than the ${TOPIC_BYTES_MAX} bytes that they may have; write a shorter one.`,
    );
    return;
  }
  const own = bytes + new TextEncoder().encode(topics.endpointPresence(clientId ?? '')).length;
  if (own <= TOPIC_BYTES_MAX) return;
  const text = `makes a topic of ${own} bytes, ${topics.endpointPresence('…')} below the prefix, and it may have at most ${TOPIC_BYTES_MAX}; write a shorter one.`;
  report(at('clientId'), text);
}

function at(key: string): Path {
  return ['mqtt', key];
}
