import type { Clock } from '../../shared/clock.ts';
import type { Receiver } from '../ports.ts';
import { openDatadogEvents } from './datadog-events.ts';
import { openHeart } from './heartbeat.ts';
import { openPagerDuty } from './pagerduty.ts';
import { openSlack } from './slack.ts';
import { openWebhook } from './webhook.ts';

/** A receiver as configured; `name` is what its messages are stored under. */
export type NotifierOptions = { readonly name: string } & (
  | { readonly kind: 'pagerduty'; readonly routingKey: string; readonly url: string | undefined }
  | { readonly kind: 'slack'; readonly url: string }
  | { readonly kind: 'webhook'; readonly url: string; readonly secrets: readonly string[] }
  | { readonly kind: 'datadog'; readonly apiKey: string; readonly site: string; readonly url: string | undefined }
  | { readonly kind: 'heartbeat'; readonly url: string }
);

export interface Notifiers {
  /** Those that take messages, by name. */
  readonly receivers: Readonly<Record<string, Receiver>>;
  /** Those that are called while all is well, by name. */
  readonly hearts: Readonly<Record<string, ReturnType<typeof openHeart>>>;
}

/** Opens what is configured under `notify`; nothing is called yet. */
export function openNotifiers(options: readonly NotifierOptions[], clock: Clock): Notifiers {
  const receivers: Record<string, Receiver> = {};
  const hearts: Record<string, ReturnType<typeof openHeart>> = {};
  for (const one of options) {
    if (one.kind === 'heartbeat') hearts[one.name] = openHeart(one.url);
    else receivers[one.name] = openReceiver(one, clock);
  }
  return { receivers, hearts };
}

function openReceiver(options: Exclude<NotifierOptions, { kind: 'heartbeat' }>, clock: Clock): Receiver {
  switch (options.kind) {
    case 'pagerduty':
      return openPagerDuty({ ...options, clock });
    case 'slack':
      return openSlack({ ...options, clock });
    case 'webhook':
      return openWebhook({ ...options, clock });
    case 'datadog':
      return openDatadogEvents({ ...options, clock });
  }
}
