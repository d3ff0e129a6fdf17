import { Fault } from '../../shared/faults.ts';
import type { ChangeBatch, NameServers, RecordStore } from '../../cloud/ports.ts';
import type { Chance } from './chance.ts';
import type { Fuse } from './fuse.ts';
import type { Life } from './life.ts';
import type { PlayedTime } from './time.ts';
import type { PlayedZone } from './zone.ts';

/** How likely each trouble is, for one call. What is left over goes well. */
export interface Weather {
  readonly throttled: number;
  readonly denied: number;
  /** No answer comes, and nothing was done. */
  readonly lostRequest: number;
  /** It was done, and no answer comes. */
  readonly lostReply: number;
  /** It was done, or not, and the answer is an error. */
  readonly broken: number;
  /** The change was accepted and is never made: what accelerated recovery may do. */
  readonly forgotten: number;
  /** A request whose sender has given up is carried out all the same. */
  readonly ghosts: number;
  /** Milliseconds on the way, each way, at most. */
  readonly transitMs: number;
  /** Milliseconds until INSYNC, at most. */
  readonly pendingMs: number;
}

export const CALM: Weather = {
  throttled: 0,
  denied: 0,
  lostRequest: 0,
  lostReply: 0,
  broken: 0,
  forgotten: 0,
  ghosts: 0,
  transitMs: 40,
  pendingMs: 3_000,
};

/** A change call, as it leaves a process and as it is carried out. */
export interface ChangeCall {
  readonly process: string;
  readonly zone: string;
  readonly batch: ChangeBatch;
  /** The id of the job, from the comment. */
  readonly job: string;
}

export interface Route53Watcher {
  /** In the tick in which the process sends it; `beside` another one of the same process in the same zone. */
  sent(call: ChangeCall, beside: boolean): void;
  applied(call: ChangeCall, before: ReturnType<PlayedZone['live']>): void;
  forgotten(call: ChangeCall): void;
  say(text: string): void;
}

export interface PlayedRoute53 {
  weather: Weather;
  /** Route 53 as one process reaches it; a call is also a place where it can die or freeze. */
  reach(process: string, life: Life, fuse: Fuse): { readonly records: RecordStore; readonly nameServers: NameServers };
}

/** Route 53 and its name servers, with the weather of a seed. One change at a time in a zone, as in the real one. */
export function makePlayedRoute53(
  time: PlayedTime,
  chance: Chance,
  zones: ReadonlyMap<string, PlayedZone>,
  watcher: Route53Watcher,
): PlayedRoute53 {
  const insyncAtMs = new Map<string, number>();
  const busy = new Set<string>();
  let changes = 0;

  const world: PlayedRoute53 = { weather: CALM, reach };

  function zoneOf(id: string): PlayedZone {
    const zone = zones.get(id);
    if (!zone) throw new Fault('route53-zone-missing', `No hosted zone found with ID: ${id}.`);
    return zone;
  }

  /** What goes wrong with one call, by its share of the weather. */
  function fate(): 'well' | 'throttled' | 'denied' | 'lostRequest' | 'lostReply' | 'broken' {
    let draw = chance.next();
    for (const trouble of ['throttled', 'denied', 'lostRequest', 'lostReply', 'broken'] as const) {
      draw -= world.weather[trouble];
      if (draw < 0) return trouble;
    }
    return 'well';
  }

  function transit(): number {
    return chance.int(1, world.weather.transitMs);
  }

  /**
   * One request and its reply. `act` is carried out when the request arrives; its sender may be dead by then. A request
   * that was given up before it arrived is not carried out, unless it is a ghost.
   */
  async function call<Answer>(life: Life, fuse: Fuse, signal: AbortSignal, act: () => Answer): Promise<Answer> {
    const burnt = fuse.burn('route53');
    if (burnt === 'before') fuse.blow();
    // What a frozen process was about to send leaves in the tick in which it goes on, before anything can stop it.
    const held = life.isFrozen();
    if (life.isDead() || held) await life.through();
    const trouble = fate();
    const ghost = chance.happens(world.weather.ghosts) || held;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const comeBack = (answer: () => void): void => void time.after(transit(), () => void life.through().then(answer));
    time.after(ghost && !held ? chance.int(1, 12_000) : transit(), () => {
      if ((signal.aborted && !ghost) || trouble === 'lostRequest') return;
      if (trouble === 'throttled') {
        comeBack(() => reject(new Fault('route53-throttled', 'Rate exceeded.')));
      } else if (trouble === 'denied') {
        comeBack(() => reject(new Fault('route53-denied', 'The policy does not allow it.')));
      } else if (trouble === 'broken' && chance.happens(0.5)) {
        comeBack(() => reject(new Fault('route53-unreachable', 'HTTP 503, before anything was done.')));
      } else {
        try {
          const answer = act();
          if (trouble === 'broken') comeBack(() => reject(new Fault('route53-unreachable', 'HTTP 502.')));
          else if (trouble !== 'lostReply') comeBack(() => resolve(answer));
        } catch (error) {
          comeBack(() => reject(error));
        }
      }
    });
    const giveUp = (): void => reject(new Fault('route53-unreachable', 'No answer in time.'));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    if (burnt === 'after') fuse.blow();
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
      if (life.isDead() || life.isFrozen()) await life.through();
    }
  }

  function carryOut(change: ChangeCall): { changeId: string } {
    const zone = zoneOf(change.zone);
    if (busy.has(change.zone)) throw new Fault('route53-throttled', 'PriorRequestNotComplete.');
    busy.add(change.zone);
    time.after(chance.int(5, 200), () => busy.delete(change.zone));
    changes++;
    const changeId = `C${changes}`;
    const before = zone.live();
    if (chance.happens(world.weather.forgotten)) {
      const why = zone.judge(change.batch.changes);
      if (why !== null) throw new Fault('route53-refused', why);
      watcher.forgotten(change);
      return { changeId };
    }
    const atMs = time.nowMs() + chance.int(100, world.weather.pendingMs);
    const why = zone.apply(change.batch.changes, atMs);
    if (why !== null) {
      watcher.say(`Route 53 refuses a change of ${change.process} for ${change.job}: ${why}`);
      throw new Fault('route53-refused', why);
    }
    insyncAtMs.set(changeId, atMs);
    watcher.applied(change, before);
    return { changeId };
  }

  function reach(process: string, life: Life, fuse: Fuse): ReturnType<PlayedRoute53['reach']> {
    const inFlight = new Set<string>();
    const records: RecordStore = {
      zone: (id, signal) =>
        call(life, fuse, signal, () => {
          return {
            id: zoneOf(id).id,
            name: 'example.test',
            nameServers: ['ns1.example', 'ns2.example'],
            private: false,
          };
        }),
      read: (id, names, signal) =>
        call(life, fuse, signal, () =>
          zoneOf(id)
            .live()
            .filter(({ name }) => names.includes(name)),
        ),
      async change(id, batch, signal) {
        const change = { process, zone: id, batch, job: /job (\S+?):/.exec(batch.comment)?.[1] ?? '' };
        if (!life.isDead()) watcher.sent(change, inFlight.has(id));
        inFlight.add(id);
        try {
          return await call(life, fuse, signal, () => carryOut(change));
        } finally {
          inFlight.delete(id);
        }
      },
      changeStatus: (changeId, signal) =>
        call(life, fuse, signal, () => {
          const atMs = insyncAtMs.get(changeId);
          if (atMs === undefined) throw new Fault('route53-change-missing', `Could not find ${changeId}.`);
          return atMs <= time.nowMs() ? 'insync' : 'pending';
        }),
    };
    const nameServers: NameServers = {
      addresses: async (hosts) => hosts.map((host) => `${host}:53`),
      async ask(_server, name, type, signal) {
        const zone = [...zones.values()].find((one) => one.live().some((set) => set.name === name));
        return call(life, fuse, signal, () => (zone ?? zoneOf('')).answer(name, type, time.nowMs()));
      },
    };
    return { records, nameServers };
  }

  return world;
}
