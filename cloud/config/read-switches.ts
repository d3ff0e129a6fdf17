import { dirname } from 'node:path';
import { toConfig, type Config } from './config.ts';
import type { Environment } from './environment.ts';
import type { Path } from './problems.ts';
import { readPart } from './read-part.ts';
import { File } from './schema.ts';
import { checkSwitches } from './switches.ts';
import { isMapping } from './walk.ts';

const SECTIONS = ['route53', 'dns', 'switches'] as const;

/** What is needed to move a switch by hand: no store, no broker, nobody's secret. */
export type SwitchesConfig = Pick<Config, 'path' | (typeof SECTIONS)[number]>;

/**
 * Reads only `route53`, `dns` and `switches` of dashover.yaml. Whatever is wrong or missing elsewhere (a secret that is
 * not in this environment, a certificate that is not on this machine) is no obstacle: this is for the way out when the
 * endpoint is down. Throws ConfigProblems for mistakes in those three, and for a file that is no YAML.
 */
export function readSwitches(path: string, env: Environment): SwitchesConfig {
  const { file, data } = readPart(path, env, { schema: File, look: onlySections, concerns, check: checkSwitches });
  const config = toConfig(data, file, dirname(file), {});
  return { path: config.path, route53: config.route53, dns: config.dns, switches: config.switches };
}

function onlySections(value: unknown): unknown {
  if (!isMapping(value)) return value;
  return Object.fromEntries(SECTIONS.flatMap((key) => (key in value ? [[key, value[key]]] : [])));
}

function concerns(path: Path): boolean {
  return path.length === 0 || SECTIONS.some((section) => section === path[0]);
}
