import type { OpenRecordStore } from '../adapters/route53.ts';
import type { Finding } from './check-finding.ts';

/** Less is the answer's way over the network, and the second that its date is rounded to. */
const CLOCK_MS_MAX = 30_000;

const warn = (text: string): Finding => ({ switch: null, level: 'warn', text });

/** What this machine has that may fail in the emergency: its clock, and credentials that end by themselves. */
export async function checkMachine(
  records: Pick<OpenRecordStore, 'aheadMs' | 'credentials'>,
  env: NodeJS.ProcessEnv,
): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  const aheadMs = records.aheadMs() ?? 0;
  if (Math.abs(aheadMs) > CLOCK_MS_MAX) {
    const away = `${Math.round(Math.abs(aheadMs) / 1_000)} s ${aheadMs > 0 ? 'behind' : 'ahead of'}`;
    found.push(
      warn(
        `the clock of this machine is ${away} Route 53's: alerts look older or newer than they are, and from five minutes on AWS refuses every request. Keep it by NTP.`,
      ),
    );
  }
  // Without any, every question has failed already, and says so.
  const { temporary, endAtMs } = await records.credentials().catch(() => ({ temporary: false, endAtMs: null }));
  const renewed = endAtMs !== null && (env['AWS_SESSION_TOKEN'] ?? '') === '';
  if (temporary && !renewed) {
    const end =
      endAtMs === null ? 'they may end before the emergency' : `they end at ${new Date(endAtMs).toISOString()}`;
    const text = `the AWS credentials are temporary (a session token in the environment or in a profile), and nothing renews them: ${end}. Use a role, or a profile that renews them.`;
    found.push(warn(text));
  }
  return found;
}
