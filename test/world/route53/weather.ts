import { z } from 'zod';

/** The operations that the local Route 53 speaks. */
const OPERATIONS = [
  'ListHostedZonesByName',
  'GetHostedZone',
  'ListResourceRecordSets',
  'ChangeResourceRecordSets',
  'GetChange',
  'ListResourceRecordSetProtections',
  'CreateResourceRecordSetProtections',
  'DeleteResourceRecordSetProtections',
] as const;
export type Operation = (typeof OPERATIONS)[number];

const DURATION_MS_MAX = 3_600_000;
const TIMES_MAX = 1_000_000;

const when = {
  /** Only calls of this operation; all without it. */
  operation: z.enum(OPERATIONS).optional(),
  /** How many calls pass unharmed first. */
  after: z.int().min(0).max(TIMES_MAX).optional(),
  /** How many calls it hits; 1 without it, without limit when `forMs` is given. */
  times: z.int().min(1).max(TIMES_MAX).optional(),
  /** How long it lasts, milliseconds from now. */
  forMs: z.int().min(1).max(DURATION_MS_MAX).optional(),
};

/** What can be wrong with the service for a while. */
export const Weather = z.discriminatedUnion('kind', [
  /** 400 `Throttling`, `Rate exceeded`; nothing is changed. */
  z.strictObject({ kind: z.literal('throttling'), ...when }),
  /** 400 `PriorRequestNotComplete`; nothing is changed. */
  z.strictObject({ kind: z.literal('prior-request'), ...when }),
  /** The call is carried out, and the connection is cut instead of the reply. */
  z.strictObject({ kind: z.literal('lost-reply'), ...when }),
  /** The connection is cut before anything is carried out. */
  z.strictObject({ kind: z.literal('lost-request'), ...when }),
  /** The call is taken and never answered; nothing is changed. */
  z.strictObject({ kind: z.literal('hang'), ...when }),
  /** The call is carried out and answered after `ms`; a change keeps its zone busy for that long. */
  z.strictObject({ kind: z.literal('slow'), ms: z.int().min(1).max(DURATION_MS_MAX), ...when }),
  /** What a load balancer says: a status with an XML, an HTML or no body; nothing is changed. */
  z.strictObject({
    kind: z.literal('error'),
    status: z.literal([200, 500, 502, 503, 504]),
    body: z.enum(['xml', 'html', 'empty']).default('xml'),
    ...when,
  }),
  /** The change is INSYNC only after another `ms`. */
  z.strictObject({ kind: z.literal('slow-insync'), ms: z.int().min(1).max(DURATION_MS_MAX), ...when }),
  /** The change is answered as PENDING and then forgotten: GetChange says NoSuchChange, the records are as before. */
  z.strictObject({ kind: z.literal('forget'), ...when }),
  /** 403 `AccessDenied`. */
  z.strictObject({ kind: z.literal('access-denied'), ...when }),
  /** 403 `ExpiredToken`. */
  z.strictObject({ kind: z.literal('expired-token'), ...when }),
]);
export type Weather = z.infer<typeof Weather>;
export type WeatherInput = z.input<typeof Weather>;

interface Spell {
  readonly weather: Weather;
  skip: number;
  left: number;
  readonly endsAtMs: number;
}

/** These concern changes only, whatever else they say. */
const CHANGES_ONLY = ['slow-insync', 'forget'];

/** The spells of bad weather that are left, oldest first. */
export class Sky {
  readonly #nowMs: () => number;
  #spells: Spell[] = [];

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Throws a ZodError when it is no weather. */
  add(input: WeatherInput): void {
    const weather = Weather.parse(input);
    this.#spells.push({
      weather,
      skip: weather.after ?? 0,
      left: weather.times ?? (weather.forMs === undefined ? 1 : Number.POSITIVE_INFINITY),
      endsAtMs: weather.forMs === undefined ? Number.POSITIVE_INFINITY : this.#nowMs() + weather.forMs,
    });
  }

  clear(): void {
    this.#spells = [];
  }

  /** What is still to come. */
  forecast(): readonly Weather[] {
    this.#forgetOver();
    return this.#spells.map(({ weather }) => weather);
  }

  /** The weather that this call meets, if any: the oldest spell that concerns it. */
  meet(operation: Operation): Weather | undefined {
    this.#forgetOver();
    let met: Spell | undefined;
    for (const spell of this.#spells) {
      if (!concerns(spell.weather, operation)) continue;
      if (spell.skip > 0) spell.skip -= 1;
      else met ??= spell;
    }
    if (met) met.left -= 1;
    return met?.weather;
  }

  #forgetOver(): void {
    this.#spells = this.#spells.filter(({ left, endsAtMs }) => left > 0 && this.#nowMs() < endsAtMs);
  }
}

function concerns(weather: Weather, operation: Operation): boolean {
  if (CHANGES_ONLY.includes(weather.kind)) return operation === 'ChangeResourceRecordSets';
  return weather.operation === undefined || weather.operation === operation;
}
