import { RECOMMENDED_PAYLOAD } from '../intake/datadog-payload.ts';
import type { DatadogPlan, Webhook } from './datadog-plan.ts';
import { terraform } from './datadog-terraform.ts';

/** What to set up in Datadog. No secret is in it. */
export interface DatadogSetup {
  readonly switch: string;
  readonly variable: { readonly name: string; readonly value: string; readonly secret: true };
  readonly webhooks: readonly Webhook[];
  /** For monitors whose payload cannot be chosen: the URL is the direction. */
  readonly twoWebhooks: readonly Webhook[];
  readonly monitor: { readonly watch: string; readonly never: readonly string[] };
  readonly message: string;
  readonly twoWebhooksMessage: string;
  readonly terraform: string;
}

/** A custom variable of Datadog's, hidden from view there: capitals, digits and underscores. */
const VARIABLE = 'DASHOVER_TOKEN';
const HEADERS = { Authorization: `Bearer $${VARIABLE}` } as const;

/** All of it, from one plan. */
export function datadogSetup(plan: DatadogPlan): DatadogSetup {
  const { name, token } = plan;
  const one = webhook(plan, '', RECOMMENDED_PAYLOAD);
  const two = [webhook(plan, 'failover', null), webhook(plan, 'restore', null)];
  const watch =
    plan.origins.length === 0 ? `the origin of ${name} by its own address` : `the origin: ${plan.origins.join(', ')}`;
  return {
    switch: name,
    variable: {
      name: VARIABLE,
      value: token === null ? 'the secret of a token with via: [datadog]' : `the secret of the token "${token}"`,
      secret: true,
    },
    webhooks: [one],
    twoWebhooks: two,
    monitor: { watch, never: plan.names },
    message: message(plan, `@webhook-${one.name}`, `@webhook-${one.name}`),
    twoWebhooksMessage: message(plan, `@webhook-${one.name}-failover`, `@webhook-${one.name}-restore`),
    terraform: terraform(plan, one, (mention) => message(plan, mention, mention), VARIABLE),
  };
}

function webhook(
  { name, url }: DatadogPlan,
  direction: '' | 'failover' | 'restore',
  payload: Webhook['payload'],
): Webhook {
  const path = `/webhooks/datadog/${name}`;
  return {
    name: direction === '' ? `dashover-${name}` : `dashover-${name}-${direction}`,
    url: direction === '' ? `${url}${path}` : `${url}${path}/${direction}`,
    payload,
    headers: HEADERS,
    encodeAsForm: false,
  };
}

/** What the monitor says, and whom it calls. Datadog wants a space on both sides of what it calls. */
function message({ name, failoverTo, noData, warn }: DatadogPlan, onAlert: string, onRecovery: string): string {
  const blocks = [
    block('is_alert', `${name} is down: dashover sends its visitors to ${failoverTo}.`, onAlert),
    warn === 'alert' ? block('is_warning', `${name} is in trouble, which counts as down.`, onAlert) : '',
    noData === 'alert' ? block('is_no_data', `Nothing is heard of ${name}, which counts as down.`, onAlert) : '',
    block('is_recovery', `${name} is well again: dashover restores it, unless a human holds it.`, onRecovery),
  ];
  return blocks.filter((text) => text !== '').join('\n');
}

function block(when: string, sentence: string, mention: string): string {
  return `{{#${when}}} ${sentence} ${mention} {{/${when}}}`;
}
