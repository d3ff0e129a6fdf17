import type { Command } from '../../shared/command.ts';
import type { Finding } from './check-finding.ts';
import { type HttpsRoadOptions, makeHttpsRoad } from './link-https.ts';

/**
 * The second road: its token must read the state of the switch, and take the drill. It carries the id that went over
 * MQTT, so that both are one job; `drill` is undefined where none is wanted.
 */
export async function* checkHttps(
  options: Omit<HttpsRoadOptions, 'warn'>,
  drill: Command | undefined,
): AsyncGenerator<Finding> {
  const name = 'https';
  let why = '';
  const road = makeHttpsRoad({ ...options, warn: (text) => (why = text) });
  try {
    const state = await road.look();
    if (!state) {
      yield { name, ok: false, text: why };
      return;
    }
    yield { name, ok: true, text: `${options.url} lets this device in. Its word: ${state.text}` };
    if (!drill) return;
    const sent = await road.send(drill);
    if (sent.kind !== 'answered') {
      const text = 'text' in sent ? sent.text : 'The endpoint did not answer a drill.';
      yield { name, ok: false, text };
      return;
    }
    const { reply } = sent;
    const ok = reply.type !== 'refused' && reply.job.status !== 'refused';
    yield { name, ok, text: `It takes commands: ${reply.type === 'refused' ? reply.text : reply.job.text}` };
  } finally {
    await road.close();
  }
}
