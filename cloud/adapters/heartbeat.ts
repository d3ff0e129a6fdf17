import { call } from './notify-post.ts';

const DEADLINE_MS = 10_000;

interface Heart {
  /** Calls it once. Null, or why it could not be called, in words without a secret. Never throws. */
  beat(signal: AbortSignal): Promise<string | null>;
}

/** A URL that is called while all is well (Healthchecks, Uptime Kuma, a dead man's switch): silence is the alarm. */
export function openHeart(url: string): Heart {
  return {
    async beat(signal) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
      const { status, text } = await call({ who: 'the heartbeat URL', url, method: 'GET', secrets: [] }, limit);
      return status >= 200 && status < 300 ? null : text;
    },
  };
}
