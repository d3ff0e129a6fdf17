import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { COMMANDS, EXPIRES_IN_MS_DEFAULT, EXPIRES_IN_MS_MAX } from '../../shared/command.ts';
import { PREFIX_DEFAULT } from '../../shared/topics.ts';
import { Bias, Chip, Leds, Level, Line } from './gpio.ts';

/** Longer than a click, and well below the 10 s after which a line counts as stuck. */
const HOLD_MS = { min: 500, max: 5_000, default: 1_000 };
const DEADLINE_MS_MIN = 1_000;
/** AWS IoT: at most 7 slashes in a topic. Ours add three to the prefix. */
const PREFIX_SLASHES_MAX = 4;

/** What to write, as the message of whatever is wrong with the value; the reader adds what was there. */
const write = (words: string): { error: string } => ({ error: `write ${words}.` });

const Name = z.string(write('a name')).regex(/^[A-Za-z0-9_.-]{1,64}$/, write('letters, digits, - _ and ., at most 64'));
const SwitchName = z
  .string(write('the name of a switch'))
  .regex(/^[a-z0-9-]{1,40}$/, write('the name of a switch: a-z, 0-9 and -, at most 40 characters'));
const Text = (words: string): z.ZodString => z.string(write(words)).min(1, write(words)).max(256, write(words));

const URL_WORDS = 'the URL of the broker, such as mqtts://broker.example.com:8883 (mqtt:, mqtts:, ws: or wss:)';
const BrokerUrl = z.string(write(URL_WORDS)).superRefine((text, context) => {
  const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
  if (!URL.canParse(text) || !/^(mqtts?|wss?):$/.test(new URL(text).protocol)) {
    refuse(`write ${URL_WORDS}.`);
    return;
  }
  const url = new URL(text);
  if (url.hostname === '') refuse('names no host; write one, such as mqtts://broker.example.com:8883.');
  // A URL is printed wherever it is used, but for its query; a secret in it would be too.
  if (url.username !== '' || url.password !== '')
    refuse('holds a user name or password; use mqtt.username and mqtt.password.');
  if (url.hash !== '') refuse('has a #, which no broker hears; remove it.');
  if (/^mqtts?:$/.test(url.protocol) && (url.pathname.length > 1 || url.search !== '')) {
    refuse('has a path, which MQTT over TCP does not use; remove it, or use wss:.');
  }
});

const Prefix = z
  .string(write('the beginning of all topics, such as dashover/v1'))
  .regex(/^[^/+#\s$]+(\/[^/+#\s]+)*$/, write('a topic such as dashover/v1, without + # or blanks, or / at its ends'))
  .refine((prefix) => prefix.split('/').length - 1 <= PREFIX_SLASHES_MAX, {
    error: `has too many levels; AWS IoT allows ${PREFIX_SLASHES_MAX} slashes here.`,
  });

const Client = z.enum(['auto', 'aws-iot', 'mqtt'], write('auto, aws-iot or mqtt'));

const ENDPOINT_WORDS = 'the URL of the endpoint, such as https://dashover.example.com';
const EndpointUrl = z.string(write(ENDPOINT_WORDS)).superRefine((text, context) => {
  const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    refuse(`write ${ENDPOINT_WORDS}.`);
    return;
  }
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') refuse('holds a user name or password; use https.token.');
  if (url.search !== '' || url.hash !== '') refuse('has a ? or #, which the road would not use; remove it.');
  // On this machine itself nobody listens in between.
  if (url.protocol === 'http:' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname)) {
    refuse('would send the token for everybody to read; write https:.');
  }
});

const ofGesture = write('failover, restore or drill');
const Gestures = z.strictObject(
  {
    click: z.never({ error: 'click always shows the state; choose another gesture for a command.' }).optional(),
    double: z.enum(COMMANDS, ofGesture).optional(),
    triple: z.enum(COMMANDS, ofGesture).optional(),
    hold: z.enum(COMMANDS, ofGesture).optional(),
    'click-hold': z.enum(COMMANDS, ofGesture).optional(),
  },
  write('{ hold: failover, click-hold: restore } or the like'),
);

const GESTURES_DEFAULT = { hold: 'failover', 'click-hold': 'restore', triple: 'drill' } as const;

const Button = z.strictObject(
  {
    line: Line.optional(),
    pressed: Level.optional(),
    bias: Bias.optional(),
    gestures: Gestures.default(GESTURES_DEFAULT),
  },
  write('{ line: 17, gestures: { hold: failover } } or the like'),
);

const CHIP_DEFAULT = 'auto';

/** Of button.yaml only what the LEDs need. */
export const ledSchema = z.strictObject({ chip: Chip.default(CHIP_DEFAULT), leds: Leds.optional() });

/** The schema of button.yaml; `folder` is where relative paths begin. */
export function buttonSchema(folder: string) {
  const File = z.string(write('the path of a PEM file')).transform((path, context) => {
    const whole = resolve(folder, path);
    try {
      accessSync(whole, constants.R_OK);
      if (statSync(whole).isDirectory()) {
        context.addIssue({ code: 'custom', message: `names ${whole}, which is a folder; name the file in it.` });
      }
    } catch (error) {
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      const message = missing
        ? `names ${whole}, which does not exist.`
        : `names ${whole}, which this user may not read.`;
      context.addIssue({ code: 'custom', message });
    }
    return whole;
  });
  const Mqtt = z.strictObject(
    {
      url: BrokerUrl,
      ca: File.optional(),
      cert: File.optional(),
      key: File.optional(),
      prefix: Prefix.default(PREFIX_DEFAULT),
      client: Client.default('auto'),
      clientId: Text('the id under which this button connects').optional(),
      username: Text('a user name').optional(),
      password: Text('${NAME} of an environment variable that holds the password').optional(),
    },
    write('mqtt: { url: mqtts://… }'),
  );
  const Https = z.strictObject(
    {
      url: EndpointUrl,
      ca: File.optional(),
      token: Text('${NAME} of an environment variable that holds the token of this device'),
    },
    write("https: { url: https://…, token: '${NAME}' }"),
  );
  const Folder = z.string(write('the path of a folder')).min(1, write('the path of a folder'));
  return z.strictObject(
    {
      device: Name,
      switch: SwitchName,
      mqtt: Mqtt,
      https: Https.optional(),
      stateDir: Folder.transform((path) => resolve(folder, path)).optional(),
      input: z.enum(['keyboard', 'gpio'], write('gpio or keyboard')).default('keyboard'),
      chip: Chip.default(CHIP_DEFAULT),
      leds: Leds.optional(),
      buttons: z
        .array(Button, write('a list of buttons, each with its gestures'))
        .min(1, write('at least one button'))
        .max(9, write('at most nine buttons'))
        .default([{ gestures: GESTURES_DEFAULT }]),
      holdMs: milliseconds(HOLD_MS.min, HOLD_MS.max).default(HOLD_MS.default),
      deadlineMs: milliseconds(DEADLINE_MS_MIN, EXPIRES_IN_MS_MAX).default(EXPIRES_IN_MS_DEFAULT),
    },
    write('keys such as device, switch and mqtt'),
  );
}

function milliseconds(min: number, max: number): z.ZodInt {
  const words = write(`whole milliseconds from ${min} to ${max}`);
  return z.int(words).min(min, words).max(max, words);
}

export type ButtonConfig = z.output<ReturnType<typeof buttonSchema>>;
