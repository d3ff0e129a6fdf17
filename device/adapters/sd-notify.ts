import type { Clock } from '../../shared/clock.ts';
import { silentSupervisor, type Supervisor } from '../core/ports.ts';
import { openDatagrams } from './sd-socket.ts';

/** A status line is one row of `systemctl status`. */
const STATUS_CHARACTERS_MAX = 512;
/** The manager is fed twice within its time, so that one lost message kills nobody. */
const FEEDS_PER_WATCHDOG = 2;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * systemd, by its notify protocol: READY=1, STATUS=, WATCHDOG=1, STOPPING=1 as datagrams to `NOTIFY_SOCKET`. Without that
 * variable nothing is loaded and nobody is told. `warn` hears, once, that the socket cannot be reached.
 */
export async function openSupervisor(
  env: Environment,
  pid: number,
  clock: Clock,
  warn: (text: string) => void,
): Promise<Supervisor> {
  const path = env['NOTIFY_SOCKET'];
  if (path === undefined || path === '') return silentSupervisor;
  const datagrams = await openDatagrams(path);
  if (typeof datagrams === 'string') {
    warn(`systemd is not told how this program is: ${datagrams}.`);
    return silentSupervisor;
  }
  const feedMs = watchdogMs(env, pid);
  let saidStatus = '';
  let fedAtMs = -Infinity;
  let warned = false;

  const tell = (message: string): boolean => {
    const problem = datagrams.send(message);
    if (problem !== null && !warned) warn(`systemd is not told how this program is: ${problem}.`);
    warned ||= problem !== null;
    return problem === null;
  };

  return {
    ...(feedMs !== undefined && { turnMs: feedMs }),
    ready: () => void tell('READY=1'),
    alive() {
      const nowMs = clock.monotonicMs();
      // The loop turns at every edge of a bouncing button, too; it is the late turn that matters.
      if (feedMs === undefined || nowMs - fedAtMs < feedMs / 2) return;
      if (tell('WATCHDOG=1')) fedAtMs = nowMs;
    },
    status(text) {
      const line = oneLine(text);
      if (line === saidStatus) return;
      if (tell(`STATUS=${line}`)) saidStatus = line;
    },
    stopping: () => void tell('STOPPING=1'),
    close: () => datagrams.close(),
  };
}

/** At least so often it must be fed, or undefined when nobody watches this very process. */
function watchdogMs(env: Environment, pid: number): number | undefined {
  const micros = Number(env['WATCHDOG_USEC']);
  const whose = env['WATCHDOG_PID'];
  if (!Number.isSafeInteger(micros) || micros <= 0) return undefined;
  if (whose !== undefined && whose !== '' && Number(whose) !== pid) return undefined;
  return micros / 1_000 / FEEDS_PER_WATCHDOG;
}

/** A line break would begin another assignment: a stranger's words could feed the watchdog. */
function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, STATUS_CHARACTERS_MAX);
}
