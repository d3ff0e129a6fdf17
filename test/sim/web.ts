import type { Chance } from './chance.ts';
import type { Endpoint } from './endpoint.ts';
import type { Answer, Question } from './question.ts';
import type { PlayedTime } from './time.ts';

export interface Answered extends Answer {
  readonly endpoint: Endpoint;
  /** Somebody on the way had sent the request twice: what the other copy came to, nobody hears. */
  readonly doubled: boolean;
}

/** `none`: it did not leave. `silence`: it may have left, and no answer came in time. */
type Heard = Answered | 'none' | 'silence';

/** How often a request or an answer is lost, a request sent twice, and how late each may be, at most. */
export interface Traffic {
  readonly lost: number;
  readonly doubled: number;
  readonly delayMs: number;
}

export const NO_TRAFFIC: Traffic = { lost: 0, doubled: 0, delayMs: 30 };

/** The network and the load balancer between those who ask over HTTP and the endpoints. */
export interface PlayedWeb {
  traffic: Traffic;
  /** Sends it to whichever endpoint is there, and waits for the answer that long. Never rejects. */
  ask(question: Question, msMax: number): Promise<Heard>;
}

export function makePlayedWeb(time: PlayedTime, chance: Chance, endpoints: () => readonly Endpoint[]): PlayedWeb {
  /** A dead one refuses the connection, and the balancer tries the next; a frozen one takes it. */
  function someone(): Endpoint | undefined {
    const there = endpoints().filter((endpoint) => !endpoint.life.isDead() && endpoint.listens());
    return there.length === 0 ? undefined : chance.pick(there);
  }

  const web: PlayedWeb = {
    traffic: NO_TRAFFIC,
    ask(question, msMax) {
      const { promise, resolve } = Promise.withResolvers<Heard>();
      const { lost, doubled: twice, delayMs } = web.traffic;
      const withdrawn = { is: false };
      const late = time.after(msMax, () => {
        withdrawn.is = true;
        resolve('silence');
      });
      const doubled = chance.happens(twice);
      const first = someone();
      if (!first) {
        late();
        return time.pass(chance.int(1, delayMs)).then(() => 'none');
      }
      for (const endpoint of doubled ? [first, someone() ?? first] : [first]) {
        if (chance.happens(lost)) continue;
        time.after(chance.int(1, delayMs), () => {
          // Its sender has closed the connection: what has not arrived never does.
          if (!withdrawn.is) void carry(endpoint, doubled);
        });
      }
      return promise;

      async function carry(endpoint: Endpoint, doubled: boolean): Promise<void> {
        const answer = await endpoint.ask(question);
        if (!answer || chance.happens(lost)) return;
        await time.pass(chance.int(1, delayMs));
        late();
        resolve({ ...answer, endpoint, doubled });
      }
    },
  };
  return web;
}
