import { RECOMMENDED_PAYLOAD } from '../../cloud/intake/datadog-payload.ts';
import type { WorldFile } from './world-file.ts';

/** What a webhook was answered: `word` is the status of a 200, or of the job. */
export interface WebhookAnswer {
  readonly status: number;
  readonly word: string;
  readonly text: string;
}

/** Calls the world's webhook as Datadog does when its monitor of the site changes; one `cycle` from alert to recovery. */
export async function datadogSays(
  world: WorldFile,
  transition: 'Triggered' | 'Recovered',
  cycle: string,
): Promise<WebhookAnswer> {
  const values: Readonly<Record<string, string>> = {
    $ID: `${cycle}-${transition}`,
    $ALERT_TRANSITION: transition,
    $ALERT_TYPE: transition === 'Triggered' ? 'error' : 'success',
    $ALERT_CYCLE_KEY: cycle,
    $ALERT_ID: '4711',
    $EVENT_TITLE: `[${transition}] The origin of ${world.switch}`,
    $DATE: String(Date.now()),
  };
  const body = JSON.stringify(RECOMMENDED_PAYLOAD).replaceAll(/\$[A-Z_]+/g, (name) => values[name] ?? '');
  const response = await fetch(`${world.http}/webhooks/datadog/${world.switch}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.tokens.datadog}`, 'content-type': 'application/json' },
    body,
  });
  const { status: word, text } = (await response.json()) as { status?: string; text?: string };
  return { status: response.status, word: word ?? '', text: text ?? '' };
}
