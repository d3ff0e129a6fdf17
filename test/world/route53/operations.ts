import { FormatFault, canonicalName, isWithin } from '../dns/name.ts';
import { isRecordType } from '../dns/rdata.ts';
import type { Account } from './account.ts';
import { ApiError, invalidInput } from './api-error.ts';
import type { ProtectionEntry } from './api-error.ts';
import { compareNames, compareSets, pageOf } from './order.ts';
import type { Cursor } from './order.ts';
import type { Change } from './record-set.ts';
import * as replies from './replies.ts';
import { readBatch, readProtections } from './request.ts';
import type { ProtectionRequest } from './request.ts';
import type { Operation } from './weather.ts';
import { xmlDocument } from './xml.ts';
import type { Xml } from './xml.ts';
import type { Zone } from './zone.ts';

/** One call of the API, as far as the URL and the body say. */
export interface Request {
  readonly operation: Operation;
  /** The hosted zone or the change that the path names, without `/hostedzone/`. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

/** Weather that changes what a change becomes, not how it is answered. */
export interface Fate {
  readonly forget: boolean;
  readonly extraMs: number;
}

export interface Reply {
  readonly xml: Xml;
  /** The changes of a batch that was accepted, with canonical names. */
  readonly changes?: readonly Change[];
}

const PREFIX = '/2013-04-01/';
const PAGE_MAX = 300;
const ZONES_PAGE_MAX = 100;

/** Which operation a method and path ask for; undefined when none that the local Route 53 speaks. */
export function route(method: string, path: string): { operation: Operation; id: string } | undefined {
  if (!path.startsWith(PREFIX)) return undefined;
  const [kind, id = '', part, more, rest] = path
    .slice(PREFIX.length)
    .replace(/\/$/, '')
    .split('/')
    .map(decodeURIComponent);
  if (rest !== undefined) return undefined;
  switch (`${method} ${kind} ${part ?? ''} ${more ?? ''}`.trimEnd()) {
    case 'GET hostedzonesbyname':
      return { operation: 'ListHostedZonesByName', id };
    case 'GET hostedzone':
      return { operation: 'GetHostedZone', id };
    case 'GET hostedzone rrset':
      return { operation: 'ListResourceRecordSets', id };
    case 'POST hostedzone rrset':
      return { operation: 'ChangeResourceRecordSets', id };
    case 'GET change':
      return { operation: 'GetChange', id };
    case 'GET hostedzone rrsetprotection':
      return { operation: 'ListResourceRecordSetProtections', id };
    case 'POST hostedzone rrsetprotection':
      return { operation: 'CreateResourceRecordSetProtections', id };
    case 'POST hostedzone rrsetprotection delete':
      return { operation: 'DeleteResourceRecordSetProtections', id };
    default:
      return undefined;
  }
}

/** Carries out one call. Throws an ApiError. */
export function perform(account: Account, request: Request, fate: Fate): Reply {
  switch (request.operation) {
    case 'ListHostedZonesByName':
      return { xml: listZones(account, request.query) };
    case 'GetHostedZone':
      return { xml: replies.zoneReply(account.zone(request.id)) };
    case 'ListResourceRecordSets':
      return { xml: listSets(account.zone(request.id), request.query) };
    case 'ChangeResourceRecordSets': {
      account.zone(request.id);
      const { changes, comment } = readBatch(request.body);
      const submitted = fate.forget
        ? account.forget(request.id, changes, comment)
        : account.submit(request.id, changes, comment, fate.extraMs);
      return { xml: replies.changeReply('ChangeResourceRecordSets', submitted.info), changes: submitted.changes };
    }
    case 'GetChange':
      return { xml: replies.changeReply('GetChange', account.change(request.id)) };
    case 'ListResourceRecordSetProtections':
      return { xml: listProtections(account.zone(request.id), request.query) };
    case 'CreateResourceRecordSetProtections':
      return { xml: changeProtections(account, request, 'Create') };
    case 'DeleteResourceRecordSetProtections':
      return { xml: changeProtections(account, request, 'Delete') };
  }
}

function listZones(account: Account, query: URLSearchParams): Xml {
  const max = pageSize(query, 'maxitems', ZONES_PAGE_MAX);
  const name = query.get('dnsname') ?? undefined;
  const id = query.get('hostedzoneid')?.replace(/^\/hostedzone\//, '');
  if (id !== undefined && name === undefined) throw invalidInput('hostedzoneid is only allowed together with dnsname');
  const from = name === undefined ? undefined : nameIn(name);
  const sorted = [...account.zones()].sort((a, b) => compareNames(a.name, b.name) || (a.id < b.id ? -1 : 1));
  const page = pageOf(
    sorted,
    (zone) => {
      const order = from === undefined ? 1 : compareNames(zone.name, from);
      return order > 0 || (order === 0 && (id === undefined || zone.id >= id));
    },
    max,
  );
  return replies.zonesReply(page, { ...(from !== undefined && { name: from }), ...(id !== undefined && { id }) }, max);
}

function listSets(zone: Zone, query: URLSearchParams): Xml {
  const max = pageSize(query, 'maxitems', PAGE_MAX);
  const name = query.get('name');
  const type = query.get('type');
  const identifier = query.get('identifier');
  if (type !== null && name === null) throw invalidInput('The type cursor is only allowed together with name');
  if (type !== null && !isRecordType(type))
    throw invalidInput(
      `Value '${type}' at 'startRecordType' failed to satisfy constraint: Member must be a record type`,
    );
  if (identifier !== null && (name === null || type === null)) {
    throw invalidInput('The identifier cursor is only allowed together with name and type');
  }
  const from: Cursor | undefined =
    name === null
      ? undefined
      : { name: nameIn(name), type: type ?? '', ...(identifier !== null && { setIdentifier: identifier }) };
  const sorted = [...zone.sets.values()].sort(compareSets);
  return replies.setsReply(
    pageOf(sorted, (set) => from === undefined || compareSets(set, from) >= 0, max),
    max,
  );
}

function listProtections(zone: Zone, query: URLSearchParams): Xml {
  const max = pageSize(query, 'maxresults', PAGE_MAX);
  const token = query.get('nexttoken');
  const startName = query.get('name');
  const startType = query.get('type');
  if (startType !== null && startName === null)
    throw invalidInput('The type cursor is only allowed together with name');
  const [tokenName, tokenType, ...more] = token === null ? [] : Buffer.from(token, 'base64').toString().split(' ');
  if (token !== null && (!tokenName?.endsWith('.') || !tokenType || more.length > 0)) {
    throw new ApiError('InvalidPaginationToken', 'The value that you specified for NextToken is not valid');
  }
  const from: Cursor | undefined =
    tokenName !== undefined
      ? { name: tokenName, type: tokenType ?? '' }
      : startName === null
        ? undefined
        : { name: nameIn(startName), type: startType ?? '' };
  const all = [...zone.protections].map(([key, comment]) => {
    const [name = '', type = ''] = key.split(' ');
    return { name, type, comment: comment === '' ? undefined : comment };
  });
  return replies.protectionsReply(
    pageOf(all.sort(compareSets), (item) => from === undefined || compareSets(item, from) >= 0, max),
  );
}

function changeProtections(account: Account, request: Request, verb: 'Create' | 'Delete'): Xml {
  const zone = account.zone(request.id);
  const wanted = readProtections(request.body, verb);
  const seen = new Set<string>();
  const entries = wanted.flatMap((entry): ProtectionEntry[] => {
    const problem = protectionProblem(zone, entry, verb, seen);
    return problem ? [{ name: entry.name, type: entry.type, ...problem }] : [];
  });
  const invalid = entries.filter(({ code }) => code === 'InvalidInput');
  const shown = invalid.length > 0 ? invalid : entries;
  if (shown.length > 0) {
    const exist = shown.length === wanted.length && shown.every(({ code }) => code === 'ProtectionAlreadyExists');
    const message = `[${shown.map((entry) => entry.message).join(', ')}]`;
    throw exist
      ? new ApiError('ProtectionAlreadyExists', message, 409, shown)
      : new ApiError('InvalidResourceRecordSetProtectionBatch', message, 400, shown);
  }
  for (const { name, type, comment } of wanted) {
    if (verb === 'Create') account.protect(request.id, name, type, comment);
    else account.unprotect(request.id, name, type);
  }
  return xmlDocument(`${verb}ResourceRecordSetProtectionsResponse`);
}

function protectionProblem(
  zone: Zone,
  { name, type }: ProtectionRequest,
  verb: 'Create' | 'Delete',
  seen: Set<string>,
): Pick<ProtectionEntry, 'code' | 'message'> | undefined {
  const named = `[name='${name}', type='${type}']`;
  let key: string;
  try {
    key = `${canonicalName(name)} ${type}`;
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    return { code: 'InvalidInput', message: error.message };
  }
  if (!isWithin(canonicalName(name), zone.name))
    return { code: 'InvalidInput', message: `${named} is not in zone ${zone.name}` };
  if (!isRecordType(type)) return { code: 'InvalidInput', message: `${named} has a type that can't be protected` };
  if (seen.has(key)) return { code: 'InvalidInput', message: `${named} appears more than once` };
  seen.add(key);
  const exists = zone.protections.has(key);
  if (verb === 'Create' && exists)
    return { code: 'ProtectionAlreadyExists', message: `A protection for ${named} already exists` };
  if (verb === 'Delete' && !exists) return { code: 'ProtectionNotFound', message: `No protection exists for ${named}` };
  return undefined;
}

/** What was asked for, at most `max`; `max` when nothing was. */
function pageSize(query: URLSearchParams, name: string, max: number): number {
  const text = query.get(name);
  if (text === null) return max;
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0) {
    throw invalidInput(
      `Value '${text.slice(0, 40)}' at '${name}' failed to satisfy constraint: Member must have value greater than or equal to 1`,
    );
  }
  return Math.min(max, Number(text));
}

function nameIn(text: string): string {
  try {
    return canonicalName(text);
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    throw invalidInput(error.message);
  }
}
