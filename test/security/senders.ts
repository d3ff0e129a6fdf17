import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type IClientOptions } from 'mqtt';
import type { CommandName } from '../../shared/command.ts';
import { JobMessage } from '../../shared/messages.ts';

/** Growing pauses, as a button's: answers that are only late must not be made later by more and more repeats. */
const REPEAT_MS_MIN = 500;
const REPEAT_MS_MAX = 4_000;
/** Commands of one device that are on their way at the same time. */
const AT_ONCE = 8;

export interface Sent {
  readonly id: string;
  readonly command: CommandName;
  /** The job that the answer named. */
  readonly job: string;
  readonly times: number;
}

/**
 * A device that sends each command under an id of its own, again and again until it hears of its job, whatever becomes of
 * the broker meanwhile.
 */
export async function sendAll(
  url: string,
  options: IClientOptions & { readonly clientId: string },
  commands: readonly CommandName[],
  onAccepted: () => void,
): Promise<readonly Sent[]> {
  const device = options.clientId;
  const client = mqtt.connect(url, { ...options, reconnectPeriod: 100, queueQoSZero: false });
  client.on('error', () => undefined);
  client.on('connect', () => client.subscribe(`dashover/v1/devices/${device}/replies`, { qos: 1 }));
  const accepted = new Map<string, string>();
  client.on('message', (_, payload) => {
    // Of a job that has ended meanwhile, a repeat is answered with `finished`: that is as good a proof.
    const { job } = JobMessage.parse(JSON.parse(payload.toString()));
    for (const id of [job.trigger.id, ...job.joined.map((one) => one.id)]) if (id !== null) accepted.set(id, job.id);
  });
  try {
    const sent: Sent[] = [];
    const queue = commands.entries();
    const work = async (): Promise<void> => {
      // One iterator for all: each takes the next command that nobody has taken.
      for (const [index, command] of queue) {
        const id = `${device}-${index}`;
        let times = 0;
        while (!accepted.has(id)) {
          if (client.connected) {
            times++;
            client.publish(`dashover/v1/devices/${device}/command`, JSON.stringify({ command, id }), { qos: 1 });
          }
          await heard(accepted, id, Math.min(REPEAT_MS_MAX, REPEAT_MS_MIN * 2 ** Math.max(0, times - 1)));
        }
        sent.push({ id, command, job: accepted.get(id) ?? '', times });
        onAccepted();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return sent;
  } finally {
    await client.endAsync(true);
  }
}

/** Resolves when it is accepted, or when it is time to say it again. */
async function heard(accepted: ReadonlyMap<string, string>, id: string, pauseMs: number): Promise<void> {
  const sayAgainAt = Date.now() + pauseMs;
  while (!accepted.has(id) && Date.now() < sayAgainAt) await sleep(5);
}
