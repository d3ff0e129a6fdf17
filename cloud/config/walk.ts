import { z } from 'zod';
import type { Path } from './problems.ts';

type Shape = Readonly<Record<string, z.core.$ZodType>>;

/** What of an object's keys is well formed, each judged by itself: one mistake does not hide the next. */
export type Salvaged<Object extends z.ZodObject> = {
  readonly [Key in keyof Object['shape']]?: z.output<Object['shape'][Key]>;
};

export function salvage<Object extends z.ZodObject>(schema: Object, value: unknown): Salvaged<Object> {
  const found: Record<string, unknown> = {};
  const raw = isMapping(value) ? value : {};
  for (const [key, part] of Object.entries(schema.shape)) {
    const parsed = z.safeParse(part, Object.hasOwn(raw, key) ? raw[key] : undefined);
    if (parsed.success && parsed.data !== undefined) found[key] = parsed.data;
  }
  return found as Salvaged<Object>;
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The entries of what should be a mapping, the items of what should be a list: nothing, when it is neither. */
export function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return isMapping(value) ? Object.entries(value) : [];
}

export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value at a path, or undefined. */
export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const part of path) {
    if (Array.isArray(at) && typeof part === 'number') at = at[part];
    else if (isMapping(at) && Object.hasOwn(at, part)) at = at[String(part)];
    else return undefined;
  }
  return at;
}

/** The schema that judges the value at a path, its wrappers (optional, default, transform) taken off. */
export function schemaAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType | undefined {
  let at: z.core.$ZodType | undefined = schema;
  for (const part of path) {
    at = at && below(inner(at), part);
    if (!at) return undefined;
  }
  return at;
}

/** The keys that an object schema knows; undefined for other schemas. */
export function keysOf(schema: z.core.$ZodType | undefined): readonly string[] | undefined {
  const object = schema && inner(schema);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : undefined;
}

/** Judges a list or a mapping, not a single value. */
export function isWhole(schema: z.core.$ZodType | undefined): boolean {
  const at = schema && inner(schema);
  return at instanceof z.ZodObject || at instanceof z.ZodArray || at instanceof z.ZodRecord;
}

/** What to write there: the description, which a wrapper may carry for what it wraps. */
export function describedAt(schema: z.core.$ZodType | undefined): string | undefined {
  let at = schema;
  while (at) {
    const words = z.globalRegistry.get(at)?.description;
    if (words !== undefined) return words;
    at = wrapped(at);
  }
  return undefined;
}

/** What a key of a record schema may be; undefined for other schemas. */
export function keyDescribedAt(schema: z.core.$ZodType | undefined): string | undefined {
  const record = schema && inner(schema);
  return record instanceof z.ZodRecord ? describedAt(record.keyType) : undefined;
}

function below(schema: z.core.$ZodType, part: PropertyKey): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return (schema.shape as Shape)[String(part)];
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (schema instanceof z.ZodArray) return schema.element;
  if (schema instanceof z.ZodUnion) return schema.options.map((option) => below(inner(option), part)).find(Boolean);
  return undefined;
}

function inner(schema: z.core.$ZodType): z.core.$ZodType {
  const next = wrapped(schema);
  return next ? inner(next) : schema;
}

function wrapped(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  )
    return schema.unwrap();
  if (schema instanceof z.ZodPipe) return schema.in;
  return undefined;
}
