import type { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { Fault } from '../../shared/faults.ts';
import type { Door } from './accept.ts';
import type { Auth } from './auth.ts';
import { sendJob } from './respond.ts';
import { ROUTES } from './route-words.ts';

/** A trigger ignores its body; what is longer than this is not even thrown away. */
const BODY_BYTES_MAX = 1_024 * 1_024;

/** `POST /trigger/{id}`: one URL, one job. Any body of any kind is read and thrown away. */
export function triggerRoutes(app: FastifyInstance, { auth, door }: { auth: Auth; door: Door }): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', async (_request: unknown, payload: Readable) => drain(payload));

  app.post<{ Params: { id: string } }>(
    '/trigger/:id',
    {
      schema: { ...ROUTES.trigger },
      bodyLimit: BODY_BYTES_MAX,
      onRequest: async (request) => {
        const { authorization } = request.headers;
        // Whatever the body is said to be, even a media type that is none, it is thrown away.
        request.raw.headers['content-type'] = 'application/octet-stream';
        request.setDecorator('trigger', auth.trigger(request.params.id, authorization, request.ip));
      },
    },
    async (request, reply) => {
      const trigger = request.getDecorator<ReturnType<Auth['trigger']>>('trigger');
      const { command, to } = trigger;
      const options = to === undefined ? {} : { to };
      const answer = await door.accept({
        caller: { kind: 'trigger', trigger },
        switch: trigger.switch,
        ask: { kind: 'move', command, options, alert: null },
        replyTo: [],
      });
      return sendJob(reply, answer);
    },
  );
}

async function drain(payload: Readable): Promise<undefined> {
  let bytes = 0;
  for await (const chunk of payload as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) {
      throw new Fault('too-large', `The body has more than ${BODY_BYTES_MAX} bytes.`, {
        hint: 'A trigger needs no body.',
      });
    }
  }
  return undefined;
}
