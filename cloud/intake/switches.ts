import { z } from 'zod';
import { CommandOptions, COMMANDS } from '../../shared/command.ts';
import { parseDuration } from '../../shared/duration.ts';
import type { Api, ApiOptions } from './api-options.ts';
import { orNothing, Reason } from './body.ts';
import { callerOf, checkReader, checkSees, sees, sendJob, sendState } from './respond.ts';
import { ROUTES } from './route-words.ts';
import { unknownSwitch } from './target.ts';

const Params = z.object({ switch: z.string() });
const MoveBody = orNothing(CommandOptions);
const HOLD_MS_MAX = 90 * 86_400_000;
const Time = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0 && ms <= HOLD_MS_MAX) return ms;
  context.addIssue({ code: 'custom', message: 'a duration such as 30m, 2h or 1d, at most 90d' });
  return z.NEVER;
});
/** A number without a unit, or whatever else stands there, is told the same as a word that is no duration. */
const HoldFor = z.preprocess((value) => (typeof value === 'string' ? value : JSON.stringify(value)), Time);
const HoldBody = orNothing(z.strictObject({ reason: Reason, for: HoldFor.optional() }));
/** Whoever asks for a time means a hold: it is refused by name, rather than released until for ever. */
const NoTime = z
  .unknown()
  .optional()
  .refine((value) => value === undefined, 'nothing there: a release has no duration, a hold has one');
const ReleaseBody = orNothing(z.strictObject({ reason: Reason, for: NoTime }));
const AlertBody = orNothing(z.strictObject({ key: z.string().min(1).max(512) }));

/** States, and everything that can be asked of a switch. */
export function switchRoutes(app: Api, { door, switches, readState }: ApiOptions): void {
  app.get('/api/switches', { schema: { ...ROUTES.switches } }, async (request) => {
    checkReader(request);
    const mine = switches.filter(({ name }) => sees(request, name));
    return { switches: await Promise.all(mine.map(readState)) };
  });

  app.get('/api/switches/:switch', { schema: { params: Params, ...ROUTES.switch } }, async (request) => {
    checkReader(request);
    const name = request.params.switch;
    checkSees(request, name);
    const settings = switches.find((known) => known.name === name);
    if (settings) return readState(settings);
    throw unknownSwitch(
      name,
      switches.map((known) => known.name),
    );
  });

  for (const command of COMMANDS) {
    app.post(
      `/api/switches/:switch/${command}`,
      { schema: { params: Params, body: MoveBody, ...ROUTES.move(command) } },
      async (request, reply) => {
        const ask = { kind: 'move', command, options: request.body, alert: null } as const;
        const target = request.params.switch;
        return sendJob(reply, await door.accept({ caller: callerOf(request), switch: target, ask, replyTo: [] }));
      },
    );
  }

  app.post(
    '/api/switches/:switch/hold',
    { schema: { params: Params, body: HoldBody, ...ROUTES.hold } },
    async (request, reply) => {
      const { reason, for: forMs } = request.body;
      const ask = { kind: 'hold', reason: reason ?? null, forMs: forMs ?? null } as const;
      const target = request.params.switch;
      return sendState(reply, await door.accept({ caller: callerOf(request), switch: target, ask, replyTo: [] }));
    },
  );

  app.post(
    '/api/switches/:switch/release',
    { schema: { params: Params, body: ReleaseBody, ...ROUTES.release } },
    async (request, reply) => {
      const ask = { kind: 'release', reason: request.body.reason ?? null } as const;
      const target = request.params.switch;
      return sendState(reply, await door.accept({ caller: callerOf(request), switch: target, ask, replyTo: [] }));
    },
  );

  app.post(
    '/api/switches/:switch/alerts/clear',
    { schema: { params: Params, body: AlertBody, ...ROUTES.clearAlert } },
    async (request, reply) => {
      const ask = { kind: 'clear-alert', key: request.body.key } as const;
      const target = request.params.switch;
      return sendState(reply, await door.accept({ caller: callerOf(request), switch: target, ask, replyTo: [] }));
    },
  );
}
