import type { Clock } from '../../shared/clock.ts';

/** So long a topic is left alone; the broker's access list may have been mended by then. */
const REST_MS = 600_000;
/** Some brokers (AWS IoT) answer a publish that is not allowed by closing the connection, and so does a bad network. */
const CLOSES_MAX = 2;
/** Topics remembered: 1,000 × at most 256 bytes. Beyond it the oldest is forgotten. */
const TOPICS_MAX = 1_000;

export interface Unwelcome {
  /** The broker takes nothing on that topic: it is not to be tried for now. */
  has(topic: string): boolean;
  /** The broker has refused a message there. */
  refused(topic: string): void;
  /** The connection ended while a message was on its way there. */
  closed(topic: string): void;
  /** The broker has taken a message there. */
  taken(topic: string): void;
}

/**
 * Response topics are chosen by whoever sends a command. One on which the endpoint may not publish must not cost all
 * others their messages, again and again, so it is remembered.
 */
export function makeUnwelcome(clock: Clock): Unwelcome {
  const marks = new Map<string, { readonly closes: number; readonly atMs: number }>();

  function find(topic: string): number {
    const mark = marks.get(topic);
    return mark && clock.monotonicMs() - mark.atMs < REST_MS ? mark.closes : 0;
  }

  function mark(topic: string, closes: number): void {
    marks.delete(topic);
    marks.set(topic, { closes, atMs: clock.monotonicMs() });
    const [oldest] = marks.keys();
    if (marks.size > TOPICS_MAX && oldest !== undefined) marks.delete(oldest);
  }

  return {
    has: (topic) => find(topic) >= CLOSES_MAX,
    refused: (topic) => mark(topic, CLOSES_MAX),
    closed: (topic) => mark(topic, find(topic) + 1),
    taken: (topic) => void marks.delete(topic),
  };
}
