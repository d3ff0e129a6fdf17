import { z } from 'zod';
import { checkCommand } from '../../shared/command.ts';
import { durationInWords } from '../../shared/duration.ts';
import { Fault } from '../../shared/faults.ts';
import { topics } from '../../shared/topics.ts';
import { isoTimeOrNull } from '../jobs/text.ts';
import type { Api, ApiOptions } from './api-options.ts';
import { type Caller, covers, type Device } from './caller.ts';
import { makeLastDrills } from './last-drills.ts';
import { checkReader, principalOf, sees, sendJob } from './respond.ts';
import { ROUTES } from './route-words.ts';
import { targetOf } from './target.ts';
import type { Heard, Presence } from './presence.ts';

const Params = z.object({ device: z.string() });

/** A device's second road, and who is there. */
export function deviceRoutes(app: Api, options: ApiOptions): void {
  const { door, devices, switches, presence, clock } = options;
  const names = switches.map(({ name }) => name);
  const lastDrills = makeLastDrills(options);

  app.post(
    '/api/devices/:device/command',
    { schema: { params: Params, ...ROUTES.deviceCommand } },
    async (request, reply) => {
      const principal = principalOf(request);
      if (principal.kind !== 'device' || principal.device.name !== request.params.device) {
        throw new Fault('not-allowed', 'This is not the own token of this device.', {
          hint: "Send the device's token; a person's token commands at /api/switches/{switch}/{command}.",
        });
      }
      const { device } = principal;
      const caller: Caller = { kind: 'device', device };
      const { command, switch: named, ...rest } = checkCommand(request.body ?? {});
      const target = targetOf(caller, undefined, named, names);
      const ask = { kind: 'move', command, options: rest, alert: null } as const;
      // Both roads tell: the lamp may be listening on the other one.
      const replyTo = [{ topic: topics.deviceReplies(device.name), whole: false, correlationData: null }];
      return sendJob(reply, await door.accept({ caller, switch: target, ask, replyTo }));
    },
  );

  app.get('/api/devices', { schema: { ...ROUTES.devices } }, async (request) => {
    checkReader(request);
    const mine = devices.filter(({ on }) => names.some((name) => covers(on, name) && sees(request, name)));
    const drills = await lastDrills();
    const nowMs = clock.nowMs();
    return {
      devices: mine.map((device) => describe(device, presence, drills.ofDevice(device.name), nowMs)),
    };
  });
}

function describe(device: Device, presence: Presence, drilledAtMs: number | undefined, nowMs: number): object {
  const heard = presence.of(device.name);
  const deaf = presence.hears()
    ? ''
    : ' This endpoint does not hear buttons now: /readyz says why, or another endpoint hears them.';
  return {
    text: `${inWords(device.name, heard, nowMs)}${deaf}`,
    device: device.name,
    on: device.on,
    may: device.may,
    online: heard?.online ?? false,
    session: heard?.session ?? null,
    version: heard?.version ?? null,
    commands: heard?.commands ?? null,
    fault: heard?.fault ?? null,
    since: heard ? new Date(heard.sinceMs).toISOString() : null,
    heardAt: heard ? new Date(heard.heardAtMs).toISOString() : null,
    lastDrillAt: isoTimeOrNull(drilledAtMs ?? null),
  };
}

function inWords(name: string, heard: Heard | undefined, nowMs: number): string {
  if (!heard) return `${name} has not been heard since this endpoint started.`;
  const since = durationInWords(nowMs - heard.sinceMs);
  const last = durationInWords(nowMs - heard.heardAtMs);
  if (heard.isAbsent)
    return `${name} has said nothing for ${last}, where it says every minute that it is there: look at its lamp, its power and its network.`;
  if (!heard.online) return `${name} is offline since ${since}.`;
  const fault = heard.fault === undefined ? '' : ` It has a fault: ${heard.fault}`;
  return `${name} is online since ${since}, last heard ${last} ago.${fault}`;
}
