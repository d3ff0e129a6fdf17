import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { checkAccess } from './access.ts';
import type { Environment } from './environment.ts';
import { Actor } from './leaves.ts';
import { checkMqtt } from './mqtt.ts';
import type { Path } from './problems.ts';
import { readPart } from './read-part.ts';
import { Device, File, Mqtt } from './schema.ts';
import { checkSwitches, knownSwitches } from './switches.ts';
import { salvage, valueAt } from './walk.ts';

/** The sections that are read, without the keys below. */
const Sections = z.object({
  route53: File.shape.route53,
  mqtt: z.object(Mqtt.omit({ username: true, password: true }).shape).optional(),
  switches: File.shape.switches,
  devices: z.record(Actor, z.object(Device.omit({ token: true }).shape)).default({}),
});
/** What may be missing from the environment of whoever only wants to know who must be allowed what. */
const MAY_BE_UNSET = /^(mqtt\.(username|password)|devices\..+\.token)$/;

/** dashover.yaml without its secrets: what is moved, by whom, and where they meet. */
export interface Outline {
  /** Of the AWS account's Route 53. */
  readonly region: string;
  readonly switches: readonly {
    readonly name: string;
    readonly zone: string;
    /** Normalised, of all positions. */
    readonly names: readonly string[];
    readonly types: readonly string[];
  }[];
  readonly mqtt: OutlineMqtt | undefined;
  readonly devices: readonly { readonly name: string; readonly switches: readonly string[] }[];
}

export interface OutlineMqtt {
  readonly url: string;
  readonly prefix: string;
  readonly clientId: string | undefined;
  /** Null: there is one, and its variable is not set. */
  readonly username: string | null | undefined;
  /** Absolute path of the endpoint's certificate; it need not be here. */
  readonly cert: string | undefined;
}

/**
 * Reads what dashover.yaml says without a secret, so that policies can be made where no secret is: on a colleague's
 * machine, in a pipeline. The files that it names are not opened. Throws ConfigProblems for mistakes in `route53`,
 * `mqtt`, `switches` and `devices`.
 */
export function readOutline(path: string, env: Environment): Outline {
  const { file, source, data } = readPart(path, env, {
    schema: Sections,
    look: (value) => value ?? {},
    concerns,
    check(value, speak, report) {
      checkSwitches(value, speak, report);
      checkAccess(value, knownSwitches(value), speak, report);
      checkMqtt(value, report);
    },
  });
  const { mqtt, ...sections } = data;
  const username = source.unset.has('mqtt.username') ? null : salvage(Mqtt, valueAt(source.value, ['mqtt'])).username;
  return {
    ...toOutline(sections),
    mqtt: mqtt && {
      url: mqtt.url,
      prefix: mqtt.prefix,
      clientId: mqtt.clientId,
      username,
      cert: mqtt.cert === undefined ? undefined : resolve(dirname(file), mqtt.cert),
    },
  };
}

function concerns(path: Path): boolean {
  const [section] = path;
  if (section === undefined) return true;
  return Object.hasOwn(Sections.shape, section) && !MAY_BE_UNSET.test(path.join('.'));
}

function toOutline({ route53, switches, devices }: Omit<z.output<typeof Sections>, 'mqtt'>): Omit<Outline, 'mqtt'> {
  const all = Object.keys(switches);
  return {
    region: route53.region,
    switches: Object.entries(switches).map(([name, { zone, positions }]) => {
      const sets = Object.values(positions).flat();
      return { name, zone, names: distinct(sets, 'name'), types: distinct(sets, 'type') };
    }),
    devices: Object.entries(devices).map(([name, { on }]) => ({
      name,
      switches: all.filter((one) => on.includes('*') || on.includes(one)),
    })),
  };
}

function distinct<Key extends 'name' | 'type'>(sets: readonly { readonly [K in Key]: string }[], key: Key): string[] {
  return [...new Set(sets.map((set) => set[key]))].toSorted();
}
