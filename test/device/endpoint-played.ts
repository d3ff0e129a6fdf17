import mqtt from 'mqtt';
import { type Command, readCommand } from '../../shared/command.ts';
import type { State } from '../../shared/messages.ts';
import { jobOf, stateOf, told } from './samples.ts';

/** The other end of the road, played: hears the commands of `lobby` and tells what the test wants told. */
export interface PlayedEndpoint extends AsyncDisposable {
  /** Every command that was heard, in order. */
  readonly heard: Command[];
  /** What the button said of itself, in order, as retained or not. */
  readonly presences: { online: boolean; session: string; commands?: string[]; fault?: string }[];
  tell(state: State): Promise<void>;
  reply(message: object): Promise<void>;
  publish(topic: string, payload: string, retain?: boolean): Promise<void>;
}

const PREFIX = 'dashover/v1';

/** `obedient`: every new command is accepted and carried out at once, and the state says so. */
export async function playEndpoint(url: string, how: 'obedient' | 'silent'): Promise<PlayedEndpoint> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 4, reconnectPeriod: 50 });
  const heard: Command[] = [];
  const presences: PlayedEndpoint['presences'] = [];
  const jobs = new Set<string>();
  let revision = 7;

  const publish = async (topic: string, payload: string, retain = false): Promise<void> => {
    await client.publishAsync(`${PREFIX}/${topic}`, payload, { qos: 1, retain });
  };
  const reply = (message: object): Promise<void> => publish('devices/lobby/replies', JSON.stringify(message));
  const tell = (state: State): Promise<void> => publish('switches/www/state', JSON.stringify(state, null, 2), true);

  async function obey(command: Command): Promise<void> {
    const id = command.id ?? '';
    const again = jobs.has(id);
    jobs.add(id);
    const now = new Date().toISOString();
    if (again) {
      await reply(told(jobOf(id, command.command, 'succeeded', { acceptedAt: now, finishedAt: now })));
      return;
    }
    await reply(told(jobOf(id, command.command, 'queued', { acceptedAt: now })));
    await reply(told(jobOf(id, command.command, 'running', { acceptedAt: now })));
    revision += 1;
    const done = new Date().toISOString();
    await reply(told(jobOf(id, command.command, 'succeeded', { acceptedAt: now, finishedAt: done })));
    if (command.command === 'drill') return;
    await tell(stateOf(command.command === 'failover' ? 'maintenance' : 'primary', { revision, asOf: done }));
  }

  client.on('message', (topic, payload) => {
    if (topic.endsWith('/presence')) {
      if (payload.byteLength > 0) presences.push(JSON.parse(payload.toString()) as PlayedEndpoint['presences'][number]);
      return;
    }
    const command = readCommand(payload);
    heard.push(command);
    if (how === 'obedient') void obey(command);
  });
  await client.subscribeAsync([`${PREFIX}/devices/lobby/command`, `${PREFIX}/devices/lobby/presence`], { qos: 1 });
  if (how === 'obedient') await tell(stateOf('primary', { revision, asOf: new Date().toISOString() }));
  return {
    heard,
    presences,
    tell,
    reply,
    publish,
    async [Symbol.asyncDispose]() {
      await client.endAsync(true);
    },
  };
}
