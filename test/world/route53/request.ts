import type { GeoLocation, RecordSet } from '../../../cloud/ports.ts';
import type { Json } from '../../../shared/json.ts';
import { RECORD_TYPES } from '../dns/rdata.ts';
import { invalidInput } from './api-error.ts';
import type { Action, Change } from './record-set.ts';
import { REGIONS } from './regions.ts';
import { children, items, parseXml } from './request-xml.ts';
import type { Node } from './request-xml.ts';

export interface Batch {
  readonly comment: string | undefined;
  /** Names as they were sent. */
  readonly changes: readonly Change[];
}

/** Elements of a ResourceRecordSet besides its name and type. */
const OPTIONAL_FIELDS =
  'SetIdentifier Weight Region GeoLocation Failover MultiValueAnswer TTL ResourceRecords AliasTarget HealthCheckId TrafficPolicyInstanceId CidrRoutingConfig GeoProximityLocation'.split(
    ' ',
  );

const TTL_MAX = 2_147_483_647;
const WEIGHT_MAX = 255;
const IDENTIFIER_CHARACTERS_MAX = 128;
const HEALTH_CHECK_ID_CHARACTERS_MAX = 64;
const COMMENT_CHARACTERS_MAX = 256;
const NAME_CHARACTERS_MAX = 1_024;
const VALUE_CHARACTERS_MAX = 4_000;

/** A ChangeResourceRecordSets body, its shape checked. Throws an ApiError `MalformedInput` or `InvalidInput`. */
export function readBatch(body: string): Batch {
  const root = parseXml(body, 'ChangeResourceRecordSetsRequest');
  const batch = children(mustHave(children(root, ['ChangeBatch'], []), 'ChangeBatch'), ['Changes'], ['Comment']);
  const comment = batch.get('Comment')?.text;
  const problems = new Problems();
  problems.length(comment, COMMENT_CHARACTERS_MAX, 'changeBatch.comment', 0);
  const nodes = items(batch.get('Changes'), 'Change');
  if (nodes.length === 0) problems.add('', 'changeBatch.changes', 'Member must have length greater than or equal to 1');
  const changes = nodes.map((node, at) => readChange(node, problems, `changeBatch.changes.${at + 1}.member`));
  problems.throwIfAny();
  return { comment, changes };
}

function readChange(node: Node, problems: Problems, path: string): Change {
  const parts = children(node, ['Action', 'ResourceRecordSet'], []);
  const action = problems.oneOf(parts.get('Action')?.text, ['CREATE', 'DELETE', 'UPSERT'], `${path}.action`);
  return {
    action: action as Action,
    set: readSet(mustHave(parts, 'ResourceRecordSet'), problems, `${path}.resourceRecordSet`),
  };
}

function readSet(node: Node, problems: Problems, path: string): RecordSet {
  const parts = children(node, ['Name', 'Type'], OPTIONAL_FIELDS);
  const text = (name: string): string | undefined => parts.get(name)?.text;
  const number = (name: string, field: string, max: number): number | undefined =>
    problems.number(text(name), max, `${path}.${field}`);
  const values = items(parts.get('ResourceRecords'), 'ResourceRecord').map(
    (record) => children(record, ['Value'], []).get('Value')?.text ?? '',
  );
  for (const [at, value] of values.entries()) {
    problems.length(value, VALUE_CHARACTERS_MAX, `${path}.resourceRecords.${at + 1}.member.value`, 0);
  }
  const alias = parts.get('AliasTarget');
  const geolocation = parts.get('GeoLocation');
  const other = otherFields(parts);
  return defined({
    name: problems.length(text('Name'), NAME_CHARACTERS_MAX, `${path}.name`, 0) ?? '',
    type: problems.oneOf(text('Type'), RECORD_TYPES, `${path}.type`) ?? '',
    ttl: number('TTL', 'tTL', TTL_MAX),
    values: values.length > 0 ? values : undefined,
    alias: alias && readAlias(alias),
    setIdentifier: problems.length(text('SetIdentifier'), IDENTIFIER_CHARACTERS_MAX, `${path}.setIdentifier`, 1),
    weight: number('Weight', 'weight', WEIGHT_MAX),
    region: problems.oneOf(text('Region'), REGIONS, `${path}.region`),
    failover: problems.oneOf(text('Failover'), ['PRIMARY', 'SECONDARY'], `${path}.failover`) as
      | 'PRIMARY'
      | 'SECONDARY'
      | undefined,
    geolocation: geolocation && readGeoLocation(geolocation),
    multiValue: problems.boolean(text('MultiValueAnswer'), `${path}.multiValueAnswer`),
    healthCheckId: problems.length(text('HealthCheckId'), HEALTH_CHECK_ID_CHARACTERS_MAX, `${path}.healthCheckId`, 0),
    other: Object.keys(other).length > 0 ? other : undefined,
  });
}

function readAlias(node: Node): { zone: string; name: string; evaluateTargetHealth: boolean } {
  const parts = children(node, ['HostedZoneId', 'DNSName', 'EvaluateTargetHealth'], []);
  return {
    zone: mustHave(parts, 'HostedZoneId').text.replace(/^\/hostedzone\//, ''),
    name: mustHave(parts, 'DNSName').text,
    evaluateTargetHealth: mustHave(parts, 'EvaluateTargetHealth').text === 'true',
  };
}

function readGeoLocation(node: Node): GeoLocation {
  const parts = children(node, [], ['ContinentCode', 'CountryCode', 'SubdivisionCode']);
  return defined({
    continent: parts.get('ContinentCode')?.text,
    country: parts.get('CountryCode')?.text,
    subdivision: parts.get('SubdivisionCode')?.text,
  });
}

function otherFields(parts: ReadonlyMap<string, Node>): Record<string, Json> {
  const fields: Record<string, Json> = {};
  for (const name of ['TrafficPolicyInstanceId', 'CidrRoutingConfig', 'GeoProximityLocation']) {
    const node = parts.get(name);
    if (node) fields[name] = jsonOf(node);
  }
  return fields;
}

function jsonOf(node: Node): Json {
  if (node.children.length === 0) return node.text;
  return Object.fromEntries(node.children.map((child) => [child.name, jsonOf(child)]));
}

export interface ProtectionRequest {
  readonly name: string;
  readonly type: string;
  readonly comment: string | undefined;
}

/** The body of CreateResourceRecordSetProtections or of its Delete twin. Throws an ApiError. */
export function readProtections(body: string, operation: 'Create' | 'Delete'): readonly ProtectionRequest[] {
  const root = parseXml(body, `${operation}ResourceRecordSetProtectionsRequest`);
  const list = children(root, ['Protections'], []).get('Protections');
  const item = operation === 'Create' ? 'ResourceRecordSetProtectionConfig' : 'ResourceRecordSetProtectionKey';
  const entries = items(list, item);
  const ENTRIES_MAX = 100;
  if (entries.length === 0 || entries.length > ENTRIES_MAX) {
    throw invalidInput(`Protections must have 1 to ${ENTRIES_MAX} entries, but has ${entries.length}`);
  }
  const problems = new Problems();
  const read = entries.map((entry, at) => {
    const parts = children(entry, ['RecordName', 'RecordType'], operation === 'Create' ? ['Comment'] : []);
    const comment = problems.length(
      parts.get('Comment')?.text,
      COMMENT_CHARACTERS_MAX,
      `protections.${at + 1}.member.comment`,
      0,
    );
    return { name: mustHave(parts, 'RecordName').text, type: mustHave(parts, 'RecordType').text, comment };
  });
  problems.throwIfAny();
  return read;
}

function mustHave(parts: ReadonlyMap<string, Node>, name: string): Node {
  const node = parts.get(name);
  if (!node) throw invalidInput(`Invalid XML ; element '${name}' is missing`);
  return node;
}

/** The same object without its undefined fields. */
function defined<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

/** Collects what breaks the constraints of single fields, and says it all in one message, as Route 53 does. */
class Problems {
  readonly #found: string[] = [];

  add(value: string, path: string, constraint: string): void {
    const shown = value.length > 200 ? `${value.slice(0, 200)}…` : value;
    this.#found.push(`Value '${shown}' at '${path}' failed to satisfy constraint: ${constraint}`);
  }

  number(text: string | undefined, max: number, path: string): number | undefined {
    if (text === undefined) return undefined;
    if (!/^-?\d{1,15}$/.test(text))
      throw invalidInput(
        `Invalid XML ; cvc-datatype-valid.1.2.1: '${text.slice(0, 60)}' is not a valid value for 'integer'.`,
      );
    const value = Number(text);
    if (value > max) this.add(text, path, `Member must have value less than or equal to ${max}`);
    if (value < 0) this.add(text, path, 'Member must have value greater than or equal to 0');
    return value;
  }

  boolean(text: string | undefined, path: string): boolean | undefined {
    if (text === undefined) return undefined;
    return this.oneOf(text, ['true', 'false'], path) === 'true';
  }

  oneOf(text: string | undefined, allowed: readonly string[], path: string): string | undefined {
    if (text !== undefined && !allowed.includes(text)) {
      this.add(text, path, `Member must satisfy enum value set: [${allowed.join(', ')}]`);
    }
    return text;
  }

  length(text: string | undefined, max: number, path: string, min: number): string | undefined {
    if (text === undefined) return undefined;
    if (text.length > max) this.add(text, path, `Member must have length less than or equal to ${max}`);
    if (text.length < min) this.add(text, path, `Member must have length greater than or equal to ${min}`);
    return text;
  }

  throwIfAny(): void {
    const count = this.#found.length;
    if (count === 0) return;
    throw invalidInput(`${count} validation error${count === 1 ? '' : 's'} detected: ${this.#found.join('; ')}`);
  }
}
