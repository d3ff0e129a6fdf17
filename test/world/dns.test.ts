import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { once } from 'node:events';
import { promisify } from 'node:util';
import type { DecodedPacket } from 'dns-packet';
import { encode } from 'dns-packet';
import { expect, test } from 'vitest';
import { ask, exchangeTcp, exchangeUdp } from './dns/ask.ts';
import { startDns } from './dns/server.ts';
import { change, sdkClient, submit } from './route53/client.ts';
import { startRoute53 } from './route53/server.ts';
import type { LocalRoute53 } from './route53/server.ts';

const Z = 'Z0LOCAL';
const ZONE = {
  id: Z,
  name: 'example.test',
  records: [
    { name: 'www.example.test', type: 'A', ttl: 60, values: ['192.0.2.10', '192.0.2.11'] },
    { name: 'www.example.test', type: 'AAAA', ttl: 30, values: ['2001:db8::10'] },
    { name: 'c1.example.test', type: 'CNAME', ttl: 5, values: ['C2.example.test'] },
    { name: 'c2.example.test', type: 'CNAME', ttl: 5, values: ['www.example.test.'] },
    { name: 'out.example.test', type: 'CNAME', ttl: 5, values: ['maintenance.example.net'] },
    { name: 'lost.example.test', type: 'CNAME', ttl: 5, values: ['nowhere.example.test'] },
    { name: 'loop.example.test', type: 'CNAME', ttl: 5, values: ['loop.example.test'] },
    { name: 'a.deep.example.test', type: 'A', ttl: 60, values: ['192.0.2.30'] },
    { name: '*.wild.example.test', type: 'A', ttl: 60, values: ['192.0.2.40'] },
    { name: 'own.wild.example.test', type: 'TXT', ttl: 60, values: ['"own"'] },
    { name: 'sub.example.test', type: 'NS', ttl: 60, values: ['ns.elsewhere.test.'] },
    { name: 'al.example.test', type: 'A', alias: { zone: Z, name: 'www.example.test', evaluateTargetHealth: false } },
    {
      name: 'cdn.example.test',
      type: 'A',
      alias: { zone: 'Z2FDTNDATAQYW2', name: 'd1.cloudfront.net', evaluateTargetHealth: false },
    },
    { name: 'big.example.test', type: 'A', ttl: 60, values: Array.from({ length: 100 }, (_, n) => `192.0.2.${n}`) },
    { name: 'a\\057b.example.test', type: 'A', ttl: 60, values: ['192.0.2.50'] },
  ],
};

const start = (): Promise<LocalRoute53> =>
  startRoute53({ zones: [ZONE, { id: 'Z1', name: 'private.test', private: true }], insyncAfterMs: 0 });

const brief = (packet: DecodedPacket, section: 'answers' | 'authorities' = 'answers'): string[] =>
  (packet[section] ?? []).map((record) => {
    const data: unknown = 'data' in record ? record.data : '';
    return `${record.name} ${'ttl' in record ? record.ttl : ''} ${record.type} ${typeof data === 'string' ? data : ''}`.trim();
  });
const rcode = (packet: DecodedPacket): string => (packet as DecodedPacket & { rcode: string }).rcode;

async function answersOf(address = ''): Promise<number> {
  return brief(await ask(address, 'www.example.test', 'A', { timeoutMs: 100 })).length;
}

test('an address is answered with authority, whatever the capitals, over UDP and TCP', async () => {
  await using route53 = await start();
  await using dns = await startDns({ route53 });
  for (const tcp of [false, true]) {
    const packet = await ask(dns.address, 'WWW.Example.test', 'A', { tcp });
    expect(packet).toMatchObject({ flag_qr: true, flag_aa: true, flag_tc: false, flag_ra: false });
    expect(rcode(packet)).toBe('NOERROR');
    expect(brief(packet)).toEqual(['WWW.Example.test 60 A 192.0.2.10', 'WWW.Example.test 60 A 192.0.2.11']);
  }
  expect(brief(await ask(dns.address, 'www.example.test', 'AAAA'))).toEqual(['www.example.test 30 AAAA 2001:db8::10']);
  expect(brief(await ask(dns.address, 'a/b.example.test', 'A'))).toEqual(['a/b.example.test 60 A 192.0.2.50']);
});

test('a CNAME is followed inside the zone and left to the asker outside of it', async () => {
  await using route53 = await start();
  await using dns = await startDns({ route53 });
  expect(brief(await ask(dns.address, 'c1.example.test', 'AAAA'))).toEqual([
    'c1.example.test 5 CNAME c2.example.test',
    'c2.example.test 5 CNAME www.example.test',
    'www.example.test 30 AAAA 2001:db8::10',
  ]);
  expect(brief(await ask(dns.address, 'c1.example.test', 'CNAME'))).toEqual([
    'c1.example.test 5 CNAME c2.example.test',
  ]);
  const out = await ask(dns.address, 'out.example.test', 'A');
  expect([rcode(out), brief(out), brief(out, 'authorities')]).toEqual([
    'NOERROR',
    ['out.example.test 5 CNAME maintenance.example.net'],
    [],
  ]);
  const lost = await ask(dns.address, 'lost.example.test', 'A');
  expect(rcode(lost)).toBe('NXDOMAIN');
  expect(brief(lost)).toHaveLength(1);
  expect(brief(await ask(dns.address, 'loop.example.test', 'A')).length).toBeLessThan(20);
});

test('a name that does not exist is NXDOMAIN, one without that type is NODATA; both carry the SOA', async () => {
  await using route53 = await start();
  await using dns = await startDns({ route53 });
  const soa = ['example.test 900 SOA'];
  const missing = await ask(dns.address, 'none.example.test', 'A');
  expect([rcode(missing), missing.flag_aa, brief(missing), brief(missing, 'authorities')]).toEqual([
    'NXDOMAIN',
    true,
    [],
    soa,
  ]);
  for (const [name, type] of [
    ['www.example.test', 'TXT'],
    // An empty name above one that exists.
    ['deep.example.test', 'A'],
    ['example.test', 'A'],
  ] as const) {
    const nodata = await ask(dns.address, name, type);
    expect([rcode(nodata), brief(nodata), brief(nodata, 'authorities')]).toEqual(['NOERROR', [], soa]);
  }
});

test('a wildcard answers for names that do not exist, and only for them', async () => {
  await using route53 = await start();
  await using dns = await startDns({ route53 });
  expect(brief(await ask(dns.address, 'x.y.wild.example.test', 'A'))).toEqual([
    'x.y.wild.example.test 60 A 192.0.2.40',
  ]);
  expect(brief(await ask(dns.address, '*.wild.example.test', 'A'))).toEqual(['*.wild.example.test 60 A 192.0.2.40']);
  // A name that exists stands between the wildcard and what lies below that name.
  expect(rcode(await ask(dns.address, 'x.own.wild.example.test', 'A'))).toBe('NXDOMAIN');
  const own = await ask(dns.address, 'own.wild.example.test', 'A');
  expect([rcode(own), brief(own)]).toEqual(['NOERROR', []]);
});

test('the apex has its NS and SOA; a delegation is referred to its own servers', async () => {
  await using route53 = await start();
  await using dns = await startDns({ route53 });
  expect(brief(await ask(dns.address, 'example.test', 'NS'))).toHaveLength(4);
  const { answers } = await ask(dns.address, 'example.test', 'SOA');
  expect(answers?.[0]).toMatchObject({
    type: 'SOA',
    data: { mname: 'ns-1.awsdns-01.test', minimum: 86_400, serial: 1 },
  });
  const referral = await ask(dns.address, 'x.sub.example.test', 'A');
  expect([referral.flag_aa, brief(referral), brief(referral, 'authorities')]).toEqual([
    false,
    [],
    ['sub.example.test 60 NS ns.elsewhere.test'],
  ]);
});

test('what is not served here, private zones and transfers are refused', async () => {
  await using route53 = await start();
  await using dns = await startDns({ route53 });
  for (const [name, type] of [
    ['www.elsewhere.test', 'A'],
    ['test', 'SOA'],
    ['private.test', 'SOA'],
    ['example.test', 'AXFR'],
  ] as const) {
    const packet = await ask(dns.address, name, type);
    expect([rcode(packet), packet.flag_aa]).toEqual(['REFUSED', false]);
  }
});

test('an alias answers with the records of its target under its own name', async () => {
  await using route53 = await start();
  await using dns = await startDns({ route53 });
  expect(brief(await ask(dns.address, 'al.example.test', 'A'))).toEqual([
    'al.example.test 60 A 192.0.2.10',
    'al.example.test 60 A 192.0.2.11',
  ]);
  expect(brief(await ask(dns.address, 'cdn.example.test', 'A'))).toEqual(['cdn.example.test 60 A 203.0.113.53']);
  expect(rcode(await ask(dns.address, 'cdn.example.test', 'AAAA'))).toBe('NOERROR');
});

test('a long answer is truncated over UDP to what the asker can take, and whole over TCP', async () => {
  await using route53 = await start();
  await using dns = await startDns({ route53 });
  const plain = await ask(dns.address, 'big.example.test', 'A');
  expect([plain.flag_tc, plain.answers?.length, plain.additionals?.length]).toEqual([true, 0, 0]);
  const edns = await ask(dns.address, 'big.example.test', 'A', { udpBytes: 1_232 });
  expect(edns.flag_tc).toBe(true);
  expect(edns.additionals?.[0]).toMatchObject({ type: 'OPT', udpPayloadSize: 1_232 });
  const wide = await ask(dns.address, 'big.example.test', 'A', { udpBytes: 4_096 });
  expect([wide.flag_tc, wide.answers?.length]).toEqual([false, 100]);
  const tcp = await ask(dns.address, 'big.example.test', 'A', { tcp: true });
  expect([tcp.flag_tc, tcp.answers?.length]).toEqual([false, 100]);
});

test('ANY is all the sets over TCP, and one of them over UDP', async () => {
  await using route53 = await start();
  await using dns = await startDns({ route53 });
  expect((await ask(dns.address, 'www.example.test', 'ANY', { tcp: true })).answers).toHaveLength(3);
  const types = new Set((await ask(dns.address, 'www.example.test', 'ANY')).answers?.map(({ type }) => type));
  expect(types.size).toBe(1);
});

test('nothing of a change is seen before it is INSYNC, and then all of it', async () => {
  await using route53 = await start();
  await using dns = await startDns({ route53 });
  const client = sdkClient(route53.url);
  route53.setInsyncAfter(Number.POSITIVE_INFINITY);
  await submit(
    client,
    Z,
    change('DELETE', 'www.example.test', 'A', ['192.0.2.10', '192.0.2.11']),
    change('DELETE', 'www.example.test', 'AAAA', ['2001:db8::10'], { TTL: 30 }),
    change('CREATE', 'www.example.test', 'CNAME', ['maintenance.example.net']),
  );
  expect(brief(await ask(dns.address, 'www.example.test', 'A'))).toHaveLength(2);
  route53.settle();
  for (const type of ['A', 'AAAA']) {
    expect(brief(await ask(dns.address, 'www.example.test', type))).toEqual([
      'www.example.test 60 CNAME maintenance.example.net',
    ]);
  }
});

test('of several name servers one may stay behind or fall silent, and come back', async () => {
  await using route53 = await start();
  await using dns = await startDns({ route53, servers: 3 });
  const [first, second, third] = dns.servers;
  second?.stayBehind();
  third?.fallSilent();
  await submit(sdkClient(route53.url), Z, change('UPSERT', 'www.example.test', 'A', ['192.0.2.99']));
  expect(await answersOf(first?.address)).toBe(1);
  expect(await answersOf(second?.address)).toBe(2);
  await expect(answersOf(third?.address)).rejects.toThrow(/aborted|timeout/i);
  expect(third?.queries).toBe(1);
  second?.recover();
  third?.recover();
  expect(await answersOf(second?.address)).toBe(1);
  expect(await answersOf(third?.address)).toBe(1);
  expect(new Set(dns.addresses).size).toBe(3);
});

test('packets that are malformed get FORMERR or silence, and the server goes on', async () => {
  await using route53 = await start();
  await using dns = await startDns({ route53 });
  const good = encode({ type: 'query', id: 7, questions: [{ name: 'www.example.test', type: 'A' }] });
  const header = good.subarray(0, 12);
  const malformed = [
    good.subarray(0, good.length - 3),
    header,
    Buffer.concat([header, Buffer.from([0xc0, 12, 0, 1, 0, 1])]),
    Buffer.concat([header, Buffer.alloc(400, 63)]),
  ];
  const signal = AbortSignal.timeout(2_000);
  for (const packet of malformed) {
    const response = await exchangeUdp(dns.address, packet, signal);
    expect(response.readUInt16BE(2) & 0xf).toBe(1);
  }
  const update = Buffer.from(good);
  update.writeUInt16BE(5 << 11, 2);
  expect((await exchangeUdp(dns.address, update, signal)).readUInt16BE(2) & 0xf).toBe(4);
  // Too short to have an id, or a response: these are never answered.
  const socket = createSocket('udp4');
  const response = Buffer.from(good);
  response.writeUInt16BE(0x8000, 2);
  const answered = once(socket, 'message');
  response.writeUInt16BE(666, 0);
  for (const packet of [Buffer.alloc(5), response, Buffer.alloc(0), good]) socket.send(packet, dns.port, '127.0.0.1');
  expect(((await answered) as [Buffer])[0].readUInt16BE(0)).toBe(7);
  const tcp = connect(dns.port, '127.0.0.1');
  await once(tcp, 'connect');
  tcp.end(Buffer.from([0, 0, 0, 3, 1, 2, 3]));
  expect(rcode(await ask(dns.address, 'www.example.test', 'A'))).toBe('NOERROR');
  socket.close();
});

test('an EDNS version from the future is BADVERS', async () => {
  await using route53 = await start();
  await using dns = await startDns({ route53 });
  const opt = {
    type: 'OPT' as const,
    name: '.',
    udpPayloadSize: 1_232,
    extendedRcode: 0,
    ednsVersion: 1,
    flags: 0,
    flag_do: false,
    options: [],
  };
  const query = encode({
    type: 'query',
    id: 7,
    questions: [{ name: 'www.example.test', type: 'A' }],
    additionals: [opt],
  });
  const response = await exchangeUdp(dns.address, query, AbortSignal.timeout(2_000));
  // The rcode's upper bits are in the OPT record, which ends the packet.
  expect([response.readUInt16BE(2) & 0xf, response[response.length - 6]]).toEqual([0, 1]);
});

test('two questions sent at once over one TCP connection are both answered', async () => {
  await using route53 = await start();
  await using dns = await startDns({ route53 });
  const query = encode({ type: 'query', id: 7, questions: [{ name: 'www.example.test', type: 'A' }] });
  const framed = Buffer.concat([Buffer.from([0, query.length]), query]);
  const socket = connect(dns.port, '127.0.0.1');
  socket.write(framed.subarray(0, 10));
  socket.write(Buffer.concat([framed.subarray(10), framed]));
  let received = Buffer.alloc(0);
  const one = await exchangeTcp(dns.address, framed, AbortSignal.timeout(2_000));
  while (received.length < one.length * 2)
    received = Buffer.concat([received, ...((await once(socket, 'data')) as Buffer[])]);
  expect(received).toEqual(Buffer.concat([one, one]));
  socket.destroy();
});

test('every record type is served as dns-packet reads it', async () => {
  const values: Readonly<Record<string, readonly [value: string, data: unknown]>> = {
    MX: ['10 mail.test', { preference: 10, exchange: 'mail.test' }],
    SRV: ['1 2 5269 host.test', { priority: 1, weight: 2, port: 5_269, target: 'host.test' }],
    TXT: ['"a b" "c"', [Buffer.from('a b'), Buffer.from('c')]],
    CAA: ['0 issue "ca.test"', { flags: 0, tag: 'issue', value: 'ca.test', issuerCritical: false }],
    NAPTR: [
      '100 50 "u" "E2U+sip" "!^.*$!sip:a!" .',
      { order: 100, preference: 50, flags: 'u', services: 'E2U+sip', regexp: '!^.*$!sip:a!', replacement: '.' },
    ],
    DS: ['12345 8 2 AB12', { keyTag: 12_345, algorithm: 8, digestType: 2, digest: Buffer.from('ab12', 'hex') }],
    SSHFP: [`4 1 ${'ab'.repeat(20)}`, { algorithm: 4, hash: 1, fingerprint: 'AB'.repeat(20) }],
    TLSA: ['3 1 1 AB12', { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from('ab12', 'hex') }],
    PTR: ['host.test', 'host.test'],
  };
  const records = Object.entries(values).map(([type, [value]]) => ({
    name: `${type}.example.test`,
    type,
    ttl: 1,
    values: [value],
  }));
  await using route53 = await startRoute53({ zones: [{ id: Z, name: 'example.test', records }] });
  await using dns = await startDns({ route53 });
  for (const [type, [, data]] of Object.entries(values)) {
    const { answers } = await ask(dns.address, `${type}.example.test`, type);
    expect(answers?.[0]).toMatchObject({ type, data });
  }
});

test('dig sees it, HTTPS records and truncation included', async ({ skip }) => {
  const run = promisify(execFile);
  const installed = await run('dig', ['-v']).then(
    () => true,
    () => false,
  );
  skip(!installed, 'dig is not installed on this machine');
  const records = [
    ...ZONE.records,
    { name: 'h.example.test', type: 'HTTPS', ttl: 60, values: ['1 . alpn="h2,h3" port=8443'] },
  ];
  await using route53 = await startRoute53({ zones: [{ ...ZONE, records }] });
  await using dns = await startDns({ route53 });
  const dig = async (...args: string[]): Promise<string> =>
    (await run('dig', ['@127.0.0.1', '-p', String(dns.port), '+tries=1', '+time=2', ...args])).stdout;
  expect(await dig('+short', 'www.example.test')).toBe('192.0.2.10\n192.0.2.11\n');
  expect((await dig('+short', '+bufsize=512', 'big.example.test')).split('\n')).toHaveLength(101);
  expect(await dig('c1.example.test')).toMatch(/status: NOERROR.*flags: qr aa rd;.*EDNS: version: 0/s);
  expect(await dig('none.example.test')).toMatch(
    /status: NXDOMAIN.*AUTHORITY SECTION:\s+example\.test\.\s+900\s+IN\s+SOA/s,
  );
  expect(await dig('+short', 'h.example.test', 'TYPE65')).toMatch(/1 \. alpn="h2,h3" port=8443|\\# /);
});
