import type { Path, Report } from './problems.ts';
import type { Say } from './records.ts';
import { Notifier, type NOTIFIERS } from './schema.ts';
import { choice, type Known } from './switches.ts';
import { isMapping, itemsOf, salvage, valueAt } from './walk.ts';

interface Keys {
  readonly needs: readonly string[];
  readonly may: readonly string[];
}

/** What each kind of receiver needs, and may have besides; `kind` and `on` go with all of them. */
const KEYS: Readonly<Record<(typeof NOTIFIERS)[number], Keys>> = {
  pagerduty: { needs: ['routingKey'], may: ['url'] },
  slack: { needs: ['url'], may: [] },
  webhook: { needs: ['url', 'secret'], may: [] },
  datadog: { needs: ['apiKey'], may: ['site', 'url'] },
  heartbeat: { needs: ['url'], may: ['every'] },
};

/** Checks that each receiver has the keys of its kind, and that its switches exist. */
export function checkNotify(file: unknown, known: Known, say: Say, report: Report): void {
  itemsOf(valueAt(file, ['notify'])).forEach((raw, index) => {
    const path: Path = ['notify', index];
    const { kind, on } = salvage(Notifier, raw);
    on?.forEach((name, place) => {
      const at = [...path, 'on', place];
      if (name !== '*' && !known.has(name))
        report(at, `${say(at)} names no switch; ${choice(name, [...known.keys()])}`);
    });
    if (kind === undefined || !isMapping(raw)) return;
    const { needs, may } = KEYS[kind];
    for (const key of needs) if (!Object.hasOwn(raw, key)) report([...path, key], missing(kind, key));
    const strange = Object.keys(raw).filter((key) => ![...needs, ...may, 'kind', 'on'].includes(key));
    // Keys that no kind has are told by the schema.
    for (const key of strange.filter((key) => Object.hasOwn(Notifier.shape, key))) {
      report([...path, key], `does not go with kind: ${kind}; remove it.`);
    }
  });
}

const WRITE: Readonly<Record<string, string>> = {
  routingKey: 'the integration key of an Events API v2 integration, as ${PAGERDUTY_KEY}',
  url: 'where it is, as ${NAME} when the URL is a secret',
  secret: 'the secret that signs, as ${HOOK_SECRET}',
  apiKey: 'an API key of your account, as ${DD_API_KEY}',
};

function missing(kind: string, key: string): string {
  return `is missing; ${kind} needs ${WRITE[key] ?? key}.`;
}
