import type { Clock } from '../../shared/clock.ts';
import { type CommandName, type CommandOptions, EXPIRES_IN_MS_DEFAULT } from '../../shared/command.ts';
import { Fault, isFault } from '../../shared/faults.ts';
import type { Json } from '../../shared/json.ts';
import type { Log } from '../../shared/log.ts';
import type { Engine } from '../engine/engine.ts';
import type { JournalEntry } from '../engine/lane.ts';
import type { AlertEvent, JobData, Reply, ReplyTo, SwitchCommand } from '../jobs/command.ts';
import type { SwitchState } from '../jobs/state.ts';
import type { Switch } from '../jobs/switch.ts';
import { ageMsOf } from './age.ts';
import { makeBurst, SINGLY_MAX } from './burst.ts';
import { type Action, type Caller, callerInWords, originOf, senderOf, whyNotAllowed } from './caller.ts';
import { checkOverride, checkPosition } from './position.ts';
import { unknownSwitch } from './target.ts';

export type SwitchEngine = Engine<SwitchState, SwitchCommand, Reply, JobData>;

/** What is asked, as its road has read it. */
type Ask =
  | {
      readonly kind: 'move';
      readonly command: CommandName;
      readonly options: CommandOptions;
      /** From sources that name their alerts; null stands for `url:<switch>`. */
      readonly alert: AlertEvent | null;
    }
  | { readonly kind: 'hold'; readonly reason: string | null; readonly forMs: number | null }
  | { readonly kind: 'release'; readonly reason: string | null }
  | { readonly kind: 'cancel'; readonly job: string; readonly reason: string | null }
  | { readonly kind: 'clear-alert'; readonly key: string };

interface AtTheDoor {
  readonly caller: Caller;
  readonly switch: string;
  readonly ask: Ask;
  /** Where else the job's messages go. */
  readonly replyTo: readonly ReplyTo[];
}

interface News {
  readonly caller: Caller;
  readonly switch: string;
  readonly kind: string;
  readonly text: string;
  readonly detail: { readonly [key: string]: Json };
}

export interface DoorOptions {
  readonly engine: Pick<SwitchEngine, 'command'>;
  readonly switches: readonly Switch[];
  /** Writes a line into the journal: `store.record`. */
  readonly record: (entry: JournalEntry, atMs: number) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborted when the endpoint stops. */
  readonly signal: AbortSignal;
}

export interface Door {
  /**
   * The only way in. Resolves when what was decided is stored: a job, and perhaps that it was refused. Throws a Fault for
   * what makes no job (`not-allowed`, `unknown-switch`, `unknown-position`, `malformed`; `too-late` for a cancel), each
   * journalled; or `store-unavailable`, and then nothing was stored.
   */
  accept(request: AtTheDoor): Promise<Reply>;
  /** Journals, once, what a road has refused before there was anything to accept; `who` as in `the token "ops"`. */
  refused(fault: Fault, who: string, switchName: string | null): void;
  /**
   * Journals what a road has understood and rightly does nothing about (a test, a warning). Rejects with
   * `store-unavailable`, and then nothing was stored.
   */
  note(news: News): Promise<void>;
  /** Throws `not-allowed` or `unknown-switch`: for a road that must know before it reads further. */
  admit(caller: Caller, action: Action, switchName: string): Switch;
}

/** Every road ends here: who → known switch → known position → fresh by its own clock → the rules. */
export function makeDoor(options: DoorOptions): Door {
  const { engine, clock, log } = options;
  const switches = new Map(options.switches.map((settings) => [settings.name, settings]));

  function record(entry: JournalEntry): void {
    log.info({ switch: entry.lane }, entry.text);
    options.record(entry, clock.nowMs()).catch((error: unknown) => {
      log.warn({ error }, 'A refusal could not be written into the journal.');
    });
  }

  // The journal is kept for years, and strangers can be refused a thousand times a second.
  const limited = makeBurst(clock, options.signal, (count) =>
    record({
      kind: 'refused',
      lane: null,
      text: `${count} more requests were refused; after ${SINGLY_MAX} in ten seconds they are only counted.`,
      detail: { count },
    }),
  );

  const told = new WeakSet<Fault>();

  function refused(fault: Fault, who: string, switchName: string | null): void {
    if (told.has(fault)) return;
    told.add(fault);
    const lane = switchName !== null && switches.has(switchName) ? switchName : null;
    const text = `Refused at the door (${fault.code}), from ${who}: ${fault.message}`;
    limited(() => record({ kind: 'refused', lane, text, detail: { code: fault.code, who } }));
  }

  function admit(caller: Caller, action: Action, switchName: string): Switch {
    const why = whyNotAllowed(caller, action, switchName);
    if (why !== null) throw new Fault('not-allowed', why);
    const settings = switches.get(switchName);
    if (settings) return settings;
    throw unknownSwitch(switchName, [...switches.keys()]);
  }

  function readAsk({ caller, switch: name, ask, replyTo }: AtTheDoor): SwitchCommand {
    const origin = { ...originOf(caller), replyTo };
    const settings = admit(caller, actionOf(ask), name);
    switch (ask.kind) {
      case 'hold':
        return { kind: 'hold', origin, reason: ask.reason, forMs: ask.forMs };
      case 'release':
        return { kind: 'release', origin, reason: ask.reason };
      case 'cancel':
        return { kind: 'cancel', origin, job: ask.job, reason: ask.reason };
      case 'clear-alert':
        return { kind: 'clear-alert', origin, key: ask.key };
      case 'move': {
        const { to, reason, expiresInMs, ifRevision, override } = ask.options;
        checkPosition(settings, ask.command, to);
        checkOverride(override ?? [], origin);
        return {
          kind: 'move',
          command: ask.command,
          to: to ?? null,
          origin,
          alert: ask.alert,
          reason: reason ?? null,
          // Automatic commands have no age: their alert decides.
          ageMs: origin.automatic ? 0 : ageMsOf(ask.options, clock.nowMs()),
          expiresInMs: origin.automatic ? null : (expiresInMs ?? EXPIRES_IN_MS_DEFAULT),
          ifRevision: ifRevision ?? null,
          override: override ?? [],
        };
      }
    }
  }

  return {
    admit,
    refused,
    async note({ caller, switch: name, kind, text, detail }) {
      log.info({ switch: name }, text);
      const who = callerInWords(caller);
      await options.record({ kind, lane: name, text, detail: { ...detail, who } }, clock.nowMs());
    },
    async accept(request) {
      const command = journalled(request, () => readAsk(request));
      const commandId = request.ask.kind === 'move' ? (request.ask.options.id ?? null) : null;
      const reply = await engine.command(request.switch, command, { sender: senderOf(request.caller), commandId });
      if (!reply.refusal || reply.job) return reply;
      const { code, message, hint } = reply.refusal;
      const fault = new Fault(code, message, { hint });
      // The rules have journalled their decision.
      told.add(fault);
      throw fault;
    },
  };

  function journalled<Result>(request: AtTheDoor, read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      if (isFault(error)) refused(error, callerInWords(request.caller), request.switch);
      throw error;
    }
  }
}

function actionOf(ask: Ask): Action {
  switch (ask.kind) {
    case 'move':
      return ask.command;
    case 'clear-alert':
      return 'alerts';
    case 'hold':
    case 'release':
    case 'cancel':
      return ask.kind;
  }
}
