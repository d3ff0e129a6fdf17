import { z } from 'zod';
import { Fault } from './faults.ts';
import { describeIssues, quote } from './misfit.ts';

/** A command as a message is at most 4 KiB. */
export const COMMAND_BYTES_MAX = 4_096;
/** A command without `expiresInMs` may be accepted or started until it is this old. */
export const EXPIRES_IN_MS_DEFAULT = 60_000;
export const EXPIRES_IN_MS_MAX = 600_000;

export const COMMANDS = ['failover', 'restore', 'drill'] as const;
export const CommandName = z.enum(COMMANDS);
export type CommandName = z.infer<typeof CommandName>;

const fields = {
  to: z.string().min(1).max(64).optional(),
  id: z
    .string()
    .min(1)
    .max(128)
    // A database would replace the half, and two ids might become one.
    .refine((id) => id.isWellFormed(), 'whole characters: this one holds half of one')
    .optional(),
  reason: z.string().max(256).optional(),
  ageMs: z.number().nonnegative().max(Number.MAX_SAFE_INTEGER).optional(),
  expiresInMs: z.int().min(1).max(EXPIRES_IN_MS_MAX).optional(),
  issuedAt: z.iso.datetime({ offset: true }).optional(),
  ifRevision: z.int().nonnegative().optional(),
  override: z.array(z.string().min(1).max(64)).max(16).optional(),
};

/** The optional fields of a command: the body of `POST /api/switches/{switch}/{command}`. */
export const CommandOptions = z.strictObject(fields);
export type CommandOptions = z.infer<typeof CommandOptions>;

/** A command as it arrives: over MQTT, or on a device's HTTPS road. */
export const Command = z.strictObject({
  command: CommandName,
  switch: z.string().min(1).max(64).optional(),
  ...fields,
});
export type Command = z.infer<typeof Command>;

/**
 * Reads a message payload: the bare word `failover`, `restore` or `drill`, or a JSON object.
 * Past this line the command is known to be well formed. Throws a Fault `malformed` that says what was wrong.
 */
export function readCommand(payload: Uint8Array): Command {
  if (payload.byteLength > COMMAND_BYTES_MAX) {
    throw new Fault(
      'malformed',
      `The message has ${payload.byteLength} bytes; a command has at most ${COMMAND_BYTES_MAX}.`,
    );
  }
  const text = decodeUtf8(payload).trim();
  const word = CommandName.safeParse(text);
  if (word.success) return { command: word.data };
  if (!text.startsWith('{')) throw noCommand(text);
  return checkCommand(parseJson(text));
}

/** The same check for a body that is already an object. Throws a Fault `malformed`. */
export function checkCommand(value: unknown): Command {
  const parsed = Command.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Fault('malformed', `The command is not well formed: ${describeIssues(parsed.error, value)}.`);
}

/** A command moves traffic, so a word that is only nearly one is not guessed at; but what was meant is said. */
function noCommand(text: string): Fault {
  const meant = CommandName.safeParse(text.toLowerCase());
  const options = meant.success ? { hint: `Send it in small letters: ${meant.data}.` } : {};
  return new Fault('malformed', `${quote(text)} is not a command.`, options);
}

function decodeUtf8(payload: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(payload);
  } catch (cause) {
    throw new Fault('malformed', `The message is ${payload.byteLength} bytes of binary data, not text.`, { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fault('malformed', `The message begins like JSON but is not: ${quote(text)}.`, { cause });
  }
}
