import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../shared/clock.ts';
import { ROUTES } from './route-words.ts';

/** One thing that must be well for the endpoint to be ready. */
export interface Check {
  /** `store`, `mqtt`, `route53`. */
  readonly name: string;
  /** Null when all is well, or why not, in a sentence without secrets. A rejection counts as its message. */
  ask(signal: AbortSignal): Promise<string | null>;
}

interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly reason: string | null;
}

const CHECK_MS_MAX = 3_000;
/** Answers without a token come from here this long, so that strangers cannot use up our calls to Route 53. */
const FRESH_MS = 2_000;

/** What each check last found, asked anew when that is some seconds old. Never rejects. */
export type Readiness = () => Promise<readonly Finding[]>;

export function makeReadiness(checks: readonly Check[], clock: Clock, stopping: AbortSignal): Readiness {
  let asked: { readonly atMs: number; readonly findings: Promise<readonly Finding[]> } | undefined;
  return () => {
    const nowMs = clock.monotonicMs();
    if (!asked || nowMs - asked.atMs > FRESH_MS) {
      asked = { atMs: nowMs, findings: Promise.all(checks.map((check) => ask(check, clock, stopping))) };
    }
    return asked.findings;
  };
}

/** `/healthz`: alive. `/readyz`: ready, with a reason for each thing that is not. Both answer without a token. */
export function healthRoutes(app: FastifyInstance, readiness: Readiness): void {
  app.get('/healthz', { schema: { ...ROUTES.healthz } }, async () => ({ status: 'ok' }));

  app.get('/readyz', { schema: { ...ROUTES.readyz } }, async (_request, reply) => {
    const findings = await readiness();
    const ready = findings.every(({ ok }) => ok);
    return reply.code(ready ? 200 : 503).send({ ready, checks: findings });
  });
}

async function ask(check: Check, clock: Clock, stopping: AbortSignal): Promise<Finding> {
  const late = new AbortController();
  const done = new AbortController();
  const answer = check.ask(AbortSignal.any([late.signal, stopping]));
  const deadline = clock.sleep(CHECK_MS_MAX, AbortSignal.any([done.signal, stopping])).then(() => {
    late.abort();
    return `It did not answer within ${CHECK_MS_MAX / 1_000} s.`;
  });
  try {
    const reason = await Promise.race([answer, deadline]);
    return { name: check.name, ok: reason === null, reason };
  } catch (error) {
    return { name: check.name, ok: false, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    done.abort();
  }
}
