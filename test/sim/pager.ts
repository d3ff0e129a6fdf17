import type { NotifierBody } from '../../shared/notice.ts';
import type { Receiver } from '../../cloud/ports.ts';
import type { Chance } from './chance.ts';
import type { Life } from './life.ts';
import type { PlayedTime } from './time.ts';

/** The name of its line of messages. */
export const PAGER = 'pagerduty';

/** A pager: somebody is called from a trigger on, until its resolve. */
export interface PlayedPager {
  /** It answers nobody while it is away, and its answers may be lost. */
  away: boolean;
  /** Keys of the pages that call somebody. */
  open(): ReadonlySet<string>;
  /** The way of one process to it. */
  reach(life: Life): Receiver;
}

export function makePlayedPager(time: PlayedTime, chance: Chance, say: (text: string) => void): PlayedPager {
  const open = new Set<string>();

  function hear(body: NotifierBody): void {
    if (body.form !== 'notice' || !body.notice.page) return;
    const { action, key } = body.notice.page;
    say(`the pager hears ${action} ${key}: ${body.notice.title}`);
    if (action === 'trigger') open.add(key);
    else open.delete(key);
  }

  const pager: PlayedPager = {
    away: false,
    open: () => open,
    reach: (life) => ({
      async deliver({ body }) {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        time.after(chance.int(1, 200), () => {
          if (pager.away && chance.happens(0.7)) return reject(new Error('The pager is away.'));
          hear(body as NotifierBody);
          if (pager.away) reject(new Error('No answer in time.'));
          else time.after(chance.int(1, 200), resolve);
        });
        try {
          await promise;
        } finally {
          if (life.isDead() || life.isFrozen()) await life.through();
        }
        return { kind: 'delivered' };
      },
    }),
  };
  return pager;
}
