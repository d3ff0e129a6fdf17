import { z } from 'zod';
import { parseDuration } from '../../shared/duration.ts';
import { readName, type Reading } from './dns-name.ts';

/**
 * Single values. Each is described by what to write: the same words stand in an error ("…; write WORDS") and in the
 * JSON Schema.
 */

const NAME = /^[a-z0-9-]{1,40}$/;

/** The name of a switch or position. */
export const Name = z.string().regex(NAME).describe('a name of a-z, 0-9 and -, at most 40 characters');

/** The name of a token or device: also part of a topic, so without / + #. */
export const Actor = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,64}$/)
  .describe('a name of letters, digits, - _ and ., at most 64 characters');

export const ZoneId = z
  .string()
  .regex(/^(\/hostedzone\/)?Z[A-Z0-9]{1,31}$/)
  .transform((id) => id.replace('/hostedzone/', ''))
  .describe('a hosted zone id, such as Z0123456789ABC');

export const Region = z
  .string()
  .regex(/^[a-z]{2}(-[a-z]+)+-\d$/)
  .describe('an AWS region, such as us-east-1');

const SECRET_MIN = 16;

/** Not described by a pattern, so that an editor accepts `${NAME}`. */
export const Secret = z
  .string()
  .refine((text) => text.length >= SECRET_MIN && text.length <= 512 && /^[\x21-\x7e]+$/.test(text))
  .describe(
    `\${NAME} of an environment variable that holds ${SECRET_MIN} to 512 characters without spaces; \`openssl rand -hex 32\` makes one`,
  );

const SIGNING_BYTES = { min: 16, max: 128 } as const;

/** Secrets of Standard Webhooks: one, or several with spaces between them while receivers change from one to the next. */
export const SigningSecrets = z
  .string()
  .transform((text, context): readonly string[] => {
    const secrets = text.split(' ').filter((secret) => secret !== '');
    if (secrets.length > 0 && secrets.length <= 4 && secrets.every(isSigningSecret)) return secrets;
    const message =
      'is no signing secret; write ${NAME} of an environment variable that holds whsec_ and at least 24 bytes in base64: `echo whsec_$(openssl rand -base64 32)` makes one.';
    context.issues.push({ code: 'custom', message, input: text });
    return z.NEVER;
  })
  .describe(
    '${NAME} of an environment variable that holds whsec_ and 24 to 64 bytes in base64; `echo whsec_$(openssl rand -base64 32)` makes one',
  );

function isSigningSecret(text: string): boolean {
  const digits = text.replace(/^whsec_/, '').replace(/={0,2}$/, '');
  // Four digits are three bytes; a single one left over is none. Padding is optional, as it is to receivers.
  if (digits.length % 4 === 1 || !/^[A-Za-z0-9+/]+$/.test(digits)) return false;
  const bytes = (digits.length * 3) >> 2;
  return bytes >= SIGNING_BYTES.min && bytes <= SIGNING_BYTES.max;
}

/** Milliseconds, from text such as `90s`. */
export function duration(min: string, max: string): z.ZodType<number, string> {
  const minMs = parseDuration(min) ?? 0;
  const maxMs = parseDuration(max) ?? 0;
  return z
    .string()
    .regex(/^\d{1,9}[smhd]$/)
    .transform((text, context) => {
      const ms = parseDuration(text) ?? Number.NaN;
      if (ms >= minMs && ms <= maxMs) return ms;
      context.issues.push({ code: 'custom', message: `is out of range; write ${min} to ${max}.`, input: text });
      return z.NEVER;
    })
    .describe(`a duration from ${min} to ${max}, such as 90s, 2m, 1h or 30d`);
}

/** A name, normalised. */
export function dnsName(write: string, read: (text: string) => Reading = readName): z.ZodType<string, string> {
  return z
    .string()
    .transform((text, context) => {
      const reading = read(text);
      if ('name' in reading) return reading.name;
      context.issues.push({ code: 'custom', message: `${reading.why}.`, input: text });
      return z.NEVER;
    })
    .describe(write);
}

/** The http or https URL of a place below which there are others: paths are put behind it, so it has no query. */
export function baseUrl(write: string): z.ZodType<string, string> {
  return httpUrl(write)
    .refine((text) => !text.includes('?'))
    .describe(write);
}

/** An http or https URL. Credentials do not belong into one: they would be printed wherever the URL is. */
export function httpUrl(write: string): z.ZodType<string, string> {
  return z
    .string()
    .refine((text) => {
      if (!URL.canParse(text)) return false;
      const { protocol, username, password, hash } = new URL(text);
      return /^https?:$/.test(protocol) && username === '' && password === '' && hash === '';
    })
    .describe(write);
}
