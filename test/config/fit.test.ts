import { expect, test } from 'vitest';
import type { Config } from '../../cloud/config/read.ts';
import type { Device, Token, TriggerUrl } from '../../cloud/intake/caller.ts';
import type { Automation, Switch } from '../../cloud/jobs/switch.ts';
import { exampleFolder, EXAMPLE, ENV, parse } from './example.ts';

/** Compiles only while the configuration has the shapes that the inside takes: config may not import them. */
function fits(config: Config): unknown {
  return {
    switches: config.switches satisfies readonly Switch[],
    automation: config.automation satisfies Automation,
    tokens: config.tokens satisfies readonly Token[],
    triggers: config.triggers satisfies readonly TriggerUrl[],
    devices: config.devices satisfies readonly Device[],
  };
}

test('the configuration has the shapes that the inside takes, and nobody can change it', () => {
  const config = parse(EXAMPLE, ENV, exampleFolder());
  expect(fits(config)).toBeDefined();
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.switches[0]?.positions['primary']?.[0]?.values)).toBe(true);
});
