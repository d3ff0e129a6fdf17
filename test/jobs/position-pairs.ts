import type { RecordSet } from '../../cloud/ports.ts';
import { ZONE } from './move-world.ts';

/** A name of the pair, then the position primary, then the other one. */
export type Pair = readonly [title: string, primary: readonly RecordSet[], other: readonly RecordSet[]];

const WWW = 'www.example.test';
const a: RecordSet = { name: WWW, type: 'A', ttl: 60, values: ['192.0.2.10'] };
const aaaa: RecordSet = { name: WWW, type: 'AAAA', ttl: 60, values: ['2001:db8::10'] };
const cname: RecordSet = { name: WWW, type: 'CNAME', ttl: 60, values: ['maintenance.example.net'] };
const inside: RecordSet = { ...cname, values: ['origin.example.test'] };
const cloudFront: RecordSet = {
  name: WWW,
  type: 'A',
  alias: { zone: 'Z2FDTNDATAQYW2', name: 'd1.cloudfront.net', evaluateTargetHealth: false },
};
const toOrigin: RecordSet = {
  name: WWW,
  type: 'A',
  alias: { zone: ZONE, name: 'origin.example.test', evaluateTargetHealth: true },
};
const weighted = (blue: number, green: number): RecordSet[] => [
  { ...a, setIdentifier: 'blue', weight: blue },
  { ...a, setIdentifier: 'green', weight: green, values: ['192.0.2.20'] },
];
const at = (name: string, set: RecordSet): RecordSet => ({ ...set, name });

/** One name in each of the forms in which Route 53 can answer for it. */
const FORMS: Readonly<Record<string, readonly RecordSet[]>> = {
  A: [a],
  'A and AAAA': [a, aaaa],
  CNAME: [cname],
  'CNAME inside': [inside],
  'alias of CloudFront': [cloudFront, { ...cloudFront, type: 'AAAA' }],
  'alias inside': [toOrigin],
  weighted: weighted(100, 0),
  latency: [
    { ...a, setIdentifier: 'eu', region: 'eu-west-1' },
    { ...a, setIdentifier: 'us', region: 'us-east-1', values: ['192.0.2.20'] },
  ],
  failover: [
    { ...a, setIdentifier: 'p', failover: 'PRIMARY', healthCheckId: 'h1' },
    { ...a, setIdentifier: 's', failover: 'SECONDARY', values: ['192.0.2.20'] },
  ],
  location: [
    { ...a, setIdentifier: 'all', geolocation: { country: '*' } },
    { ...a, setIdentifier: 'jp', geolocation: { country: 'JP' }, values: ['192.0.2.20'] },
    { ...a, setIdentifier: 'ca', geolocation: { country: 'US', subdivision: 'CA' }, values: ['192.0.2.21'] },
    { ...a, setIdentifier: 'eu', geolocation: { continent: 'EU' }, values: ['192.0.2.22'] },
  ],
  multivalue: [
    { ...a, setIdentifier: 'one', multiValue: true },
    { ...a, setIdentifier: 'two', multiValue: true, values: ['192.0.2.20'] },
  ],
};

/** From every form to every other one, each pair once: the way back is walked too. */
const formPairs = Object.entries(FORMS).flatMap(([one, primary], index) =>
  Object.entries(FORMS)
    .slice(index + 1)
    .map(([another, other]): Pair => [`${one} to ${another}`, primary, other]),
);

/** Two values of every type, in the odder of the spellings that Route 53 takes. */
const VALUES: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
  A: [['192.0.2.1'], ['192.0.2.2', '192.0.2.3']],
  AAAA: [['2001:0DB8:0:0::1'], ['2001:db8::2']],
  CAA: [['0 issue "ca.example.net"'], ['0 iodef "mailto:a@example.net"', '128 issuewild ";"']],
  CNAME: [['Target.Example.net.'], ['other.example.net']],
  DS: [[`1 13 2 ${'AB'.repeat(32)}`], [`2 13 2 ${'CD'.repeat(32)}`]],
  HTTPS: [['1 . alpn="h2,h3"'], ['0 svc.example.net.']],
  MX: [['10 Mail.example.net.'], ['0 .']],
  NAPTR: [['100 50 "u" "sip+E2U" "!^.*$!sip:a@example.net!" .'], ['100 51 "s" "SIP+D2U" "" sip.example.net.']],
  NS: [['ns-1.example.net.'], ['ns-2.example.net.', 'ns-3.example.net.']],
  PTR: [['Host.example.net.'], ['other.example.net']],
  SPF: [['"v=spf1 -all"'], ['"v=spf1 ~all" "x"']],
  SRV: [['1 10 5269 xmpp.example.net.'], ['0 0 0 .']],
  SSHFP: [[`2 1 ${'12'.repeat(20)}`], [`4 2 ${'34'.repeat(32)}`]],
  SVCB: [['1 . port=53'], ['2 svc.example.net. alpn="h2"']],
  TLSA: [[`3 1 1 ${'56'.repeat(32)}`], [`3 0 1 ${'78'.repeat(32)}`]],
  TXT: [['"a \\"b\\" \\303\\251"'], [`"${'x'.repeat(255)}" "y"`, '""']],
};

const typePairs = Object.entries(VALUES).map(([type, [one, another]]): Pair => {
  const set = { name: 'typed.example.test', type, ttl: 60 };
  // A DS stands only beside the NS of a delegation, which both positions have.
  const beside = type === 'DS' ? [{ ...set, type: 'NS', values: ['ns.example.net.'] }] : [];
  return [`${type} to other values`, [...beside, { ...set, values: one }], [...beside, { ...set, values: another }]];
});

const special: readonly Pair[] = [
  ['other values', [a], [{ ...a, values: ['192.0.2.20', '192.0.2.21'] }]],
  ['another TTL', [a], [{ ...a, ttl: 30 }]],
  ['A to an alias of CloudFront', [a, aaaa], [cloudFront]],
  [
    'an alias whose target health counts',
    [toOrigin],
    [{ ...toOrigin, alias: { zone: ZONE, name: 'origin.example.test', evaluateTargetHealth: false } }],
  ],
  ['weights 100/0 to 0/100', weighted(100, 0), weighted(0, 100)],
  ['a set that one position only has', [a, aaaa], [a]],
  [
    'multivalue',
    [{ ...a, setIdentifier: 'one', multiValue: true }],
    [{ ...a, setIdentifier: 'one', multiValue: true, values: ['192.0.2.30'] }],
  ],
  [
    'failover with a health check',
    [{ ...a, setIdentifier: 'p', failover: 'PRIMARY', healthCheckId: 'h1' }],
    [{ ...a, setIdentifier: 'p', failover: 'PRIMARY', healthCheckId: 'h2' }],
  ],
  [
    'latency',
    [{ ...a, setIdentifier: 'eu', region: 'eu-west-1' }],
    [{ ...a, setIdentifier: 'eu', region: 'us-east-1' }],
  ],
  [
    'location',
    [{ ...a, setIdentifier: 'all', geolocation: { country: '*' } }],
    [{ ...a, setIdentifier: 'all', geolocation: { country: '*' }, values: ['192.0.2.30'] }],
  ],
  ['the apex to an alias', [at('example.test', a)], [at('example.test', cloudFront)]],
  ['the apex to other values', [at('example.test', a)], [at('example.test', { ...a, values: ['192.0.2.30'] })]],
  ['a wildcard to CNAME', [at('*.example.test', a)], [at('*.example.test', cname)]],
  [
    'several names at once',
    [a, at('api.example.test', a), at('cdn.example.test', aaaa)],
    [cname, at('api.example.test', cname), at('cdn.example.test', cname)],
  ],
  [
    'TXT and MX along with an address',
    [a, { name: WWW, type: 'TXT', ttl: 60, values: ['"live"'] }],
    [
      { ...a, values: ['192.0.2.30'] },
      { name: WWW, type: 'TXT', ttl: 60, values: ['"under \\"repair\\""'] },
    ],
  ],
  ['a name with an escape', [at('a@b.example.test', a)], [at('a@b.example.test', { ...a, values: ['192.0.2.30'] })]],
];

/** What a switch may be asked to move between. */
export const PAIRS: readonly Pair[] = [...formPairs, ...typePairs, ...special];
