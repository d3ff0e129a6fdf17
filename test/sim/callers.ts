import type { Caller, Device, Token, TriggerUrl } from '../../cloud/intake/caller.ts';
import type { Switch } from '../../cloud/jobs/switch.ts';

function token(name: string): Token {
  return { name, secret: `the secret of ${name}`, on: ['*'], may: ['*'], via: undefined, automatic: false };
}

const OPS_TOKEN = token('ops');
const DATADOG_TOKEN = token('datadog');

export const TOKENS: readonly Token[] = [OPS_TOKEN, DATADOG_TOKEN];

/** A person at the command line. */
export const OPS: Caller & { readonly kind: 'token' } = { kind: 'token', token: OPS_TOKEN, road: 'cli' };
export const DATADOG: Caller & { readonly kind: 'token' } = { kind: 'token', token: DATADOG_TOKEN, road: 'datadog' };

/** An automatic URL for each way of each switch. */
export function triggersOf(switches: readonly Switch[]): readonly TriggerUrl[] {
  return switches.flatMap(({ name }) =>
    (['failover', 'restore'] as const).map((command) => {
      const id = `${command}-${name}`;
      return { id, secret: `the secret of ${id}`, switch: name, command, to: undefined, automatic: true };
    }),
  );
}

export function devicesOf(count: number): readonly Device[] {
  return ['lobby', 'desk'].slice(0, count).map((name) => {
    const may = ['failover', 'restore', 'drill'] as const;
    return { name, on: ['*'], may, token: `the secret of ${name}`, drillEveryMs: undefined };
  });
}
