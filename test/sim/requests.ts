import type { Door } from '../../cloud/intake/accept.ts';
import type { Caller } from '../../cloud/intake/caller.ts';
import type { Question } from './question.ts';

/** What somebody wants, in the words of the door. */
export type Request = Parameters<Door['accept']>[0];
export type Ask = Request['ask'];

/** The same as an HTTP request. `tag` names this one sending of it where a body has room for a reason. */
export function questionOf({ caller, switch: name, ask }: Request, tag: string): Question {
  const { secret } = credentialsOf(caller);
  const post = (path: string, body: object): Question => {
    const client = caller.kind === 'token' && caller.road === 'cli' ? ({ client: 'cli' } as const) : {};
    return { method: 'POST', path, secret, ...client, body: JSON.stringify(body) };
  };
  if (caller.kind === 'trigger') {
    // Any body is ignored.
    return { method: 'POST', path: `/trigger/${caller.trigger.id}`, secret, scheme: 'CAAuth', body: tag };
  }
  switch (ask.kind) {
    case 'move':
      if (ask.alert) return post(`/webhooks/datadog/${name}`, payloadOf(ask, tag));
      return post(`/api/switches/${name}/${ask.command}`, { ...ask.options, reason: tag });
    case 'hold':
      return post(`/api/switches/${name}/hold`, {
        reason: tag,
        ...(ask.forMs !== null && { for: `${ask.forMs / 1_000}s` }),
      });
    case 'release':
      return post(`/api/switches/${name}/release`, { reason: tag });
    case 'cancel':
      return post(`/api/jobs/${ask.job}/cancel`, {});
    case 'clear-alert':
      return post(`/api/switches/${name}/alerts/clear`, { key: ask.key });
  }
}

/** Whether the tag of a request goes with it as the reason of what is decided. */
export function isTagged({ caller, ask }: Request): boolean {
  return caller.kind === 'token' && ask.kind !== 'cancel' && ask.kind !== 'clear-alert';
}

function credentialsOf(caller: Caller): { readonly secret: string } {
  if (caller.kind === 'token') return caller.token;
  if (caller.kind === 'trigger') return caller.trigger;
  throw new Error(`a ${caller.kind} does not ask over HTTP here`);
}

/** As Datadog sends it. */
function payloadOf({ command, alert, options }: Ask & { kind: 'move' }, title: string): object {
  return {
    event_id: options.id,
    transition: command === 'failover' ? 'Triggered' : 'Recovered',
    alert_type: command === 'failover' ? 'error' : 'success',
    cycle_key: alert?.cycle,
    monitor_id: alert?.key.replace(/^monitor:/, ''),
    scope: '',
    title,
    date_ms: String(alert?.atMs),
  };
}
