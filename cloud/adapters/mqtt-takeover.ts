import type { Clock } from '../../shared/clock.ts';
import type { Ended } from './mqtt-connection.ts';

/** Closed within this time of connecting, it looks as if somebody else had come by the same name. */
const SHORT_MS = 10_000;
const CLOSES_MIN = 3;
const WITHIN_MS = 5 * 60_000;

/**
 * Two clients with one id throw each other out for ever, and each sees only a connection that closes. MQTT 5 brokers say
 * so; of others we believe it after three connections that closed within 10 s of opening, in five minutes. Returns, after each
 * end, the sentence for people, or null.
 */
export function makeTakeoverWatch(clientId: string, clock: Clock): (ended: Ended) => string | null {
  let closesAtMs: number[] = [];
  return (ended) => {
    const remedy = `give each endpoint its own mqtt.clientId, or leave it out`;
    if (ended.takenOver)
      return `Another client connected as "${clientId}" and the broker threw this one out; ${remedy}.`;
    if (ended.lastedMs === null || ended.lastedMs > SHORT_MS) return null;
    const nowMs = clock.monotonicMs();
    closesAtMs = [...closesAtMs.filter((atMs) => nowMs - atMs < WITHIN_MS), nowMs];
    if (closesAtMs.length < CLOSES_MIN) return null;
    return `The broker closed ${closesAtMs.length} connections within ${SHORT_MS / 1_000} s of opening: another client probably connects as "${clientId}"; ${remedy}.`;
  };
}
