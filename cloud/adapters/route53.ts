import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
  type ListResourceRecordSetsCommandInput,
  Route53Client,
} from '@aws-sdk/client-route-53';
import { normalName } from '../../shared/dns-name.ts';
import { Fault } from '../../shared/faults.ts';
import type { Log } from '../../shared/log.ts';
import type { ChangeBatch, RecordSet, RecordStore, Zone } from '../ports.ts';
import { route53Fault } from './route53-faults.ts';
import { readProtections, type Protection } from './route53-protections.ts';
import { fromSdk, sdkBatch, sdkName } from './route53-sets.ts';

const CONNECT_MS_MAX = 2_000;
const REQUEST_MS_MAX = 5_000;
/** Route 53 gives at most 300 sets a page; most names have a handful, and parsing costs more than the wire. */
const PAGE_SETS = 100;
/** 100 weighted sets of each of a dozen types, and room to spare; beyond it something goes round in circles. */
const PAGES_MAX = 100;

export interface Route53Options {
  readonly region: string;
  /** Only for a local Route 53; undefined is AWS, unless the environment says otherwise. */
  readonly endpoint: string | undefined;
  readonly log: Log;
  /** How long one request may take, milliseconds; by default 5,000. */
  readonly requestMsMax?: number;
}

export interface OpenRecordStore extends RecordStore {
  /** How far Route 53's clock was ahead of ours at its last answer, to the second; null before the first. */
  aheadMs(): number | null;
  /** Whether the credentials end by themselves, and when, where that is known. Throws a Fault `route53-denied`. */
  credentials(): Promise<{ readonly temporary: boolean; readonly endAtMs: number | null }>;
  /** What may not be changed in the zone. Throws a Fault; needs a right that no move needs. */
  protections(zoneId: string, signal: AbortSignal): Promise<readonly Protection[]>;
  /** Where the calls go, as the SDK resolves it. */
  readonly url: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Route 53 through the AWS SDK. Each method makes its calls once: retries belong to the caller, who can read back
 * between them (the SDK's own would resend an applied DELETE and CREATE, and report it as failed).
 */
export async function openRecordStore({
  region,
  endpoint,
  log,
  requestMsMax = REQUEST_MS_MAX,
}: Route53Options): Promise<OpenRecordStore> {
  const client = new Route53Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    // A local Route 53 takes any signature, and is not to see anybody's real credentials.
    ...(isOnThisMachine(endpoint) && { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }),
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECT_MS_MAX,
      requestTimeout: requestMsMax,
      // Without it a late answer is only warned about, and the call hangs.
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true },
      httpsAgent: { keepAlive: true },
    },
  });
  let aheadMs: number | null = null;
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const atMs = Date.parse(headerOf(answer.response, 'date') ?? '');
      if (!Number.isNaN(atMs)) aheadMs = atMs - Date.now();
      return answer;
    },
    { step: 'deserialize', name: 'readTheirClock' },
  );
  const url = await resolvedEndpoint(region, endpoint);
  log.info(
    { endpoint: url, region },
    `Route 53 is reached at ${url}${/\.amazonaws\.com(\.cn)?$/.test(url) ? '' : ', which is not AWS'}.`,
  );

  return {
    zone: (zoneId, signal) => ask(`Reading zone ${zoneId}`, signal, () => readZone(client, zoneId, signal)),
    read: (zoneId, names, signal) =>
      ask(`Reading ${names.join(', ')} in zone ${zoneId}`, signal, async () => {
        const sets: RecordSet[] = [];
        for (const name of new Set(names.map(normalName))) sets.push(...(await readName(client, zoneId, name, signal)));
        return sets;
      }),
    change: (zoneId, batch, signal) =>
      ask(`Changing zone ${zoneId}`, signal, () => sendChange(client, zoneId, batch, signal)),
    changeStatus: (changeId, signal) =>
      ask(`Asking for change ${changeId}`, signal, async () => {
        const { ChangeInfo } = await client.send(new GetChangeCommand({ Id: changeId }), { abortSignal: signal });
        return ChangeInfo?.Status === 'INSYNC' ? 'insync' : 'pending';
      }),
    url,
    aheadMs: () => aheadMs,
    credentials: () =>
      ask('Loading the AWS credentials', undefined, async () => {
        const { sessionToken, expiration } = await client.config.credentials();
        return { temporary: sessionToken !== undefined, endAtMs: expiration?.getTime() ?? null };
      }),
    protections: (zoneId, signal) =>
      ask(`Reading the protections of zone ${zoneId}`, signal, () => readProtections(client, zoneId, signal)),
    [Symbol.asyncDispose]: async () => client.destroy(),
  };
}

async function ask<Answer>(
  asked: string,
  signal: AbortSignal | undefined,
  call: () => Promise<Answer>,
): Promise<Answer> {
  try {
    signal?.throwIfAborted();
    return await call();
  } catch (error) {
    // The caller gave up: its reason says more than the SDK's AbortError.
    if (signal?.aborted && signal.reason instanceof Error && signal.reason.name !== 'AbortError') throw signal.reason;
    throw route53Fault(asked, error);
  }
}

function headerOf(response: unknown, name: string): string | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const value: unknown = Reflect.get(response.headers as object, name);
  return typeof value === 'string' ? value : undefined;
}

async function readZone(client: Route53Client, zoneId: string, signal: AbortSignal): Promise<Zone> {
  const answer = await client.send(new GetHostedZoneCommand({ Id: zoneId }), { abortSignal: signal });
  return {
    id: zoneId,
    name: normalName(answer.HostedZone?.Name ?? ''),
    nameServers: (answer.DelegationSet?.NameServers ?? []).map(normalName),
    private: answer.HostedZone?.Config?.PrivateZone ?? false,
    acceleratedRecovery: answer.HostedZone?.Features?.AcceleratedRecoveryStatus === 'ENABLED',
  };
}

/** A list begins at a name and goes on to the zone's end: read until another name comes. */
async function readName(
  client: Route53Client,
  zoneId: string,
  name: string,
  signal: AbortSignal,
): Promise<RecordSet[]> {
  const sets: RecordSet[] = [];
  let from: Partial<ListResourceRecordSetsCommandInput> = { StartRecordName: sdkName(name) };
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const command = new ListResourceRecordSetsCommand({ HostedZoneId: zoneId, MaxItems: PAGE_SETS, ...from });
    const answer = await client.send(command, { abortSignal: signal });
    const found = (answer.ResourceRecordSets ?? []).map(fromSdk);
    const here = found.filter((set) => set.name === name);
    sets.push(...here);
    const next = answer.NextRecordName;
    if (here.length < found.length || !answer.IsTruncated || next === undefined || normalName(next) !== name)
      return sets;
    from = {
      StartRecordName: next,
      StartRecordType: answer.NextRecordType,
      ...(answer.NextRecordIdentifier === undefined ? {} : { StartRecordIdentifier: answer.NextRecordIdentifier }),
    };
  }
  throw new Fault('route53-refused', `${name} has more than ${PAGES_MAX * PAGE_SETS} record sets.`, {
    hint: 'No name has so many; look at the zone in the Route 53 console.',
  });
}

async function sendChange(
  client: Route53Client,
  zoneId: string,
  batch: ChangeBatch,
  signal: AbortSignal,
): Promise<{ readonly changeId: string }> {
  const command = new ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch: sdkBatch(batch) });
  const { ChangeInfo } = await client.send(command, { abortSignal: signal });
  const changeId = ChangeInfo?.Id?.replace(/^\/change\//, '');
  // Accepted, it seems, but without the id nobody can ask how far it is: to be read back, as after a lost reply.
  if (!changeId) throw new Fault('route53-unreachable', `Changing zone ${zoneId}: the answer names no change.`);
  return { changeId };
}

function isOnThisMachine(endpoint: string | undefined): boolean {
  if (endpoint === undefined) return false;
  const { hostname } = new URL(endpoint);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

/**
 * Where the calls go, as the SDK itself resolves it: AWS_ENDPOINT_URL in the environment redirects silently. A client
 * without real credentials makes a call that ends before anything is signed or sent.
 */
async function resolvedEndpoint(region: string, endpoint: string | undefined): Promise<string> {
  const client = new Route53Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
  });
  let url = 'an unknown endpoint';
  const command = new GetChangeCommand({ Id: 'C0' });
  command.middlewareStack.add(
    () => async (args) => {
      const request = args.request as { protocol: string; hostname: string; port?: number };
      url = `${request.protocol}//${request.hostname}${request.port === undefined ? '' : `:${request.port}`}`;
      return { output: { $metadata: {}, ChangeInfo: undefined }, response: {} };
    },
    { step: 'build', name: 'tellEndpoint' },
  );
  try {
    await client.send(command);
  } catch (error) {
    // Its own words repeat what stands there.
    if (error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_URL') throw noUrl();
    throw error;
  } finally {
    client.destroy();
  }
  return url;
}

/** That of the configuration has been checked. */
function noUrl(): Fault {
  return new Fault('route53-unreachable', 'AWS_ENDPOINT_URL, or endpoint_url of the AWS profile, is no URL.', {
    hint: 'Write one such as http://127.0.0.1:15380, or remove it: without it the calls go to AWS.',
  });
}
