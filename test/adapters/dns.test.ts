import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { AUTHORITATIVE_ANSWER, decode, encode, type Packet } from 'dns-packet';
import { expect, onTestFinished, test } from 'vitest';
import { openNameServers } from '../../cloud/adapters/dns.ts';
import type { RecordSet } from '../../cloud/ports.ts';
import { startDns } from '../world/dns/server.ts';
import { startRoute53 } from '../world/route53/server.ts';

const soon = (): AbortSignal => AbortSignal.timeout(5_000);
const many = Array.from({ length: 120 }, (_, n) => `10.0.0.${n}`);
const RECORDS: readonly RecordSet[] = [
  { name: 'www.example.test', type: 'A', ttl: 60, values: ['192.0.2.10'] },
  { name: 'www.example.test', type: 'AAAA', ttl: 60, values: ['2001:db8::10'] },
  { name: 'away.example.test', type: 'CNAME', ttl: 60, values: ['WWW.example.test.'] },
  { name: 'text.example.test', type: 'TXT', ttl: 60, values: ['"a \\"b\\" c" "d"'] },
  { name: 'mail.example.test', type: 'MX', ttl: 60, values: ['10 mail.example.net.'] },
  { name: 'many.example.test', type: 'A', ttl: 60, values: many },
  { name: 'ns1.example.test', type: 'A', ttl: 60, values: ['127.0.0.1', '127.0.0.2'] },
];

async function open(options: { readonly answerMsMax?: number } = {}) {
  const route53 = await startRoute53({ zones: [{ id: 'Z0123456789ABC', name: 'example.test', records: RECORDS }] });
  const dns = await startDns({ route53 });
  onTestFinished(async () => {
    await dns[Symbol.asyncDispose]();
    await route53[Symbol.asyncDispose]();
  });
  const servers = openNameServers({ nameServers: dns.addresses, resolvers: dns.addresses, ...options });
  return { dns, servers, at: dns.address };
}

/** A name server that answers each query with what `reply` makes of it. */
async function playServer(reply: (query: Packet, send: (answer: Packet, from?: 'elsewhere') => void) => void) {
  const [socket, other] = [createSocket('udp4'), createSocket('udp4')];
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => {
    socket.close();
    other.close();
  });
  socket.on('message', (packet, from) => {
    reply(decode(packet), (answer, place) =>
      (place === 'elsewhere' ? other : socket).send(encode(answer), from.port, from.address),
    );
  });
  return `127.0.0.1:${socket.address().port}`;
}

function answerTo({ id = 0, questions = [] }: Packet, value: string): Packet {
  return {
    type: 'response',
    id,
    flags: AUTHORITATIVE_ANSWER,
    questions,
    answers: [{ type: 'A', name: questions[0]?.name ?? '', ttl: 60, data: value }],
  };
}

test.for<readonly [string, string, readonly { readonly type: string; readonly value: string }[]]>([
  ['www.example.test', 'A', [{ type: 'A', value: '192.0.2.10' }]],
  ['WWW.Example.TEST', 'AAAA', [{ type: 'AAAA', value: '2001:db8::10' }]],
  [
    'away.example.test',
    'A',
    [
      { type: 'CNAME', value: 'www.example.test' },
      { type: 'A', value: '192.0.2.10' },
    ],
  ],
  ['text.example.test', 'TXT', [{ type: 'TXT', value: '"a \\"b\\" c" "d"' }]],
  ['mail.example.test', 'MX', [{ type: 'MX', value: '10 mail.example.net' }]],
  ['www.example.test', 'MX', []],
])('%s %s is answered with authority, in the words of Route 53', async ([name, type, records]) => {
  const { servers, at } = await open();
  const answer = await servers.ask(at, name, type, soon());
  expect(answer).toMatchObject({ rcode: 'NOERROR', authoritative: true });
  expect(answer.records.map(({ type, value }) => ({ type, value }))).toEqual(records);
});

test('a name that does not exist is NXDOMAIN, and a zone of somebody else is refused', async () => {
  const { servers, at } = await open();
  expect((await servers.ask(at, 'gone.example.test', 'A', soon())).rcode).toBe('NXDOMAIN');
  expect((await servers.ask(at, 'www.example.org', 'A', soon())).rcode).toBe('REFUSED');
});

test('an answer that is cut short over UDP is had over TCP, whole', async () => {
  const { servers, at } = await open();
  const { records } = await servers.ask(at, 'many.example.test', 'A', soon());
  expect(records.map(({ value }) => value).sort()).toEqual([...many].sort());
});

test('a server that is silent is said to be, within its time', async () => {
  const { servers, dns, at } = await open({ answerMsMax: 50 });
  dns.servers[0]?.fallSilent();
  await expect(servers.ask(at, 'www.example.test', 'A', soon())).rejects.toThrow(
    new RegExp(`^${at.replaceAll('.', '\\.')} does not answer \\(UDP: no answer in time; TCP: `),
  );
});

test('asking stops when the caller gives up', async () => {
  const { servers, dns, at } = await open({ answerMsMax: 60_000 });
  dns.servers[0]?.fallSilent();
  const giveUp = new AbortController();
  const asking = servers.ask(at, 'www.example.test', 'A', giveUp.signal);
  giveUp.abort(new Error('the deadline has come'));
  await expect(asking).rejects.toThrow('the deadline has come');
});

test('a packet that is lost is asked for again', async () => {
  let queries = 0;
  const at = await playServer((query, send) => {
    queries += 1;
    if (queries > 1) send(answerTo(query, '192.0.2.1'));
  });
  const servers = openNameServers({ nameServers: undefined, answerMsMax: 100 });
  expect((await servers.ask(at, 'www.example.test', 'A', soon())).records).toMatchObject([{ value: '192.0.2.1' }]);
  expect(queries).toBe(2);
});

test('answers with another id, to another question, from elsewhere, and what is no DNS are not believed', async () => {
  const at = await playServer((query, send) => {
    const lie = answerTo(query, '203.0.113.66');
    send({ ...lie, id: ((query.id ?? 0) + 1) % 65_536 });
    send({ ...lie, questions: [{ type: 'A', name: 'other.example.test' }] });
    send({ ...lie, questions: [{ type: 'AAAA', name: 'www.example.test' }] });
    send({ ...lie, questions: [] });
    send({ ...lie, type: 'query' });
    send(lie, 'elsewhere');
    // The lie from elsewhere must have had its chance before the truth arrives.
    setTimeout(() => send(answerTo(query, '192.0.2.1')), 30);
  });
  const servers = openNameServers({ nameServers: undefined });
  expect((await servers.ask(at, 'www.example.test', 'A', soon())).records).toMatchObject([{ value: '192.0.2.1' }]);
});

test('configured name servers stand in for those of the zone', async () => {
  const servers = openNameServers({ nameServers: ['127.0.0.1:15353'] });
  expect(await servers.addresses(['ns-1.awsdns-01.com'], soon())).toEqual(['127.0.0.1:15353']);
});

test('every address of a name server is found, and remembered when the resolver is gone', async () => {
  const { dns } = await open();
  const servers = openNameServers({ nameServers: undefined, resolvers: dns.addresses });
  const found = await servers.addresses(['ns1.example.test'], soon());
  expect([...found].sort()).toEqual(['127.0.0.1:53', '127.0.0.2:53']);
  dns.servers[0]?.fallSilent();
  expect(await servers.addresses(['ns1.example.test'], soon())).toEqual(found);
});

test('a name server without an address is named', async () => {
  const { dns } = await open();
  const servers = openNameServers({ nameServers: undefined, resolvers: dns.addresses });
  await expect(servers.addresses(['gone.example.test'], soon())).rejects.toThrow(
    'The addresses of name server gone.example.test cannot be found',
  );
});
