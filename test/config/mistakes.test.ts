import { describe, expect, test } from 'vitest';
import { exampleFolder, ENV, problemsOf, SMALL } from './example.ts';

const POSITIONS = 'switches.www.positions';

/** One record set in place of the primary's, and what is said about it. */
const RECORDS: readonly [string, string][] = [
  [
    '{ name: www.example.com, type: A, ttl: 60, values: [192.0.2.300] }',
    '"192.0.2.300" is not an address; write an IPv4 address',
  ],
  [
    "{ name: w.example.com, type: A, ttl: 60, values: ['2001:db8::1'] }",
    '"2001:db8::1" belongs to type AAAA; write an IPv4 address',
  ],
  [
    '{ name: w.example.com, type: AAAA, ttl: 60, values: [192.0.2.1] }',
    '"192.0.2.1" belongs to type A; write an IPv6 address',
  ],
  [
    "{ name: w.example.com, type: AAAA, ttl: 60, values: ['2001:db8::1', '2001:DB8:0::1'] }",
    'is in the list already; remove one',
  ],
  [
    '{ name: w.example.com, type: A, ttl: 2147483648, values: [192.0.2.1] }',
    '"2147483648" does not fit here; write whole seconds from 0 to 2147483647',
  ],
  [
    '{ name: w.example.com, type: A, ttl: 1.5, values: [192.0.2.1] }',
    '"1.5" is not a whole number; write whole seconds',
  ],
  [
    "{ name: w.example.com, type: A, ttl: '60', values: [192.0.2.1] }",
    '"60" is text, not a number; write whole seconds',
  ],
  [
    '{ name: w.example.com, type: A, values: [192.0.2.1] }',
    'ttl (line 7): is missing; write the seconds that caches may keep it',
  ],
  [
    '{ name: w.example.com, type: A, ttl: 60 }',
    'values (line 7): is missing; write a list of values, such as [192.0.2.10], or alias',
  ],
  [
    '{ name: w.example.com, type: A, ttl: 60, values: 192.0.2.1 }',
    '"192.0.2.1" does not fit here; write a list of 1 to 400 values',
  ],
  ['{ name: w.example.com, type: SOA, ttl: 60, values: [x] }', '"SOA" does not fit here; write a record type: A, AAAA'],
  [
    '{ name: w.example.com, type: CNAME, ttl: 60, values: [a.example.net, b.example.net] }',
    'has 2 values, and a CNAME has one',
  ],
  ['{ name: w.example.com, type: CNAME, ttl: 60, values: [W.example.com.] }', 'points to its own name'],
  [
    "{ name: w.example.com, type: CNAME, ttl: 60, values: ['*.example.com'] }",
    'is a wildcard; a record points to one host',
  ],
  [
    "{ name: w.example.com, type: CNAME, ttl: 60, values: ['https://a.example.net/'] }",
    'is a URL; write only the host name',
  ],
  [
    '{ name: w.example.com, type: CNAME, ttl: 60, values: [192.0.2.1] }',
    'is an address; write a host name, or use type A',
  ],
  [
    '{ name: w.example.com, type: TXT, ttl: 60, values: [v=spf1] }',
    '"v=spf1" is not in double quotes; write each string',
  ],
  [
    `{ name: w.example.com, type: TXT, ttl: 60, values: ['"${'x'.repeat(256)}"'] }`,
    'has a string of more than 255 characters; split it',
  ],
  [
    '{ name: w.example.com, type: MX, ttl: 60, values: [mail.example.com] }',
    'does not fit; write a priority and a host name',
  ],
  [
    '{ name: w.example.com, type: SRV, ttl: 60, values: [1 2 99999 x.example.com] }',
    'does not fit; write priority, weight, port and host name',
  ],
  [
    '{ name: w.example.com, type: CAA, ttl: 60, values: [ca.example.com] }',
    'is not a CAA value; write flags, tag and value',
  ],
  ['{ name: www, type: A, ttl: 60, values: [192.0.2.1] }', '"www" is only a part of a name; write all of it'],
  ['{ name: a..example.com, type: A, ttl: 60, values: [192.0.2.1] }', 'has a dot too many'],
  [
    '{ name: bücher.example, type: A, ttl: 60, values: [192.0.2.1] }',
    'has letters that DNS does not know; write it as xn--bcher-kva.example',
  ],
  ["{ name: 'a b.example', type: A, ttl: 60, values: [192.0.2.1] }", 'has a space or a sign that no DNS name has'],
  [
    "{ name: 'a.*.example', type: A, ttl: 60, values: [192.0.2.1] }",
    'has a * that is not the whole first part; write it as in *.example.com',
  ],
  [
    '{ name: a!.example.com, type: A, ttl: 60, values: [192.0.2.1] }',
    'has a ! in it; a name has letters, digits, - and _',
  ],
  [
    `{ name: ${'a'.repeat(64)}.example, type: A, ttl: 60, values: [192.0.2.1] }`,
    'has a part of more than 63 characters',
  ],
  [
    `{ name: ${'abc.'.repeat(64)}example, type: A, ttl: 60, values: [192.0.2.1] }`,
    'is longer than the 253 characters of DNS',
  ],
  [
    '{ name: w.example.com, type: A, ttl: 60, alias: { zone: Z1, name: x.example.net } }',
    'ttl (line 7): stands beside alias, which replaces it',
  ],
  [
    '{ name: w.example.com, type: A, alias: { zone: Z1 } }',
    'alias.name (line 7): is missing; write the host name of the alias target',
  ],
  ['{ name: w.example.com, type: NS, alias: { zone: Z1, name: x.example.net } }', 'cannot be of type NS in Route 53'],
  [
    '{ name: w.example.com, type: A, ttl: 60, values: [192.0.2.1], weight: 5 }',
    'setIdentifier (line 7): is missing, and weight needs it',
  ],
  [
    '{ name: w.example.com, type: A, ttl: 60, values: [192.0.2.1], setIdentifier: a }',
    'needs a routing policy beside it; write one of weight, region',
  ],
  [
    '{ name: w.example.com, type: A, ttl: 60, values: [192.0.2.1], setIdentifier: a, weight: 5, region: eu-west-1 }',
    'has weight and region, and a set has one routing policy',
  ],
  [
    '{ name: w.example.com, type: A, ttl: 60, values: [192.0.2.1], setIdentifier: a, weight: 256 }',
    '"256" does not fit here; write a whole number from 0 to 255',
  ],
  [
    '{ name: w.example.com, type: A, ttl: 60, values: [192.0.2.1], setIdentifier: a, geolocation: {} }',
    'needs either continent or country',
  ],
  [
    '{ name: w.example.com, type: A, ttl: 60, values: [192.0.2.1], setIdentifier: a, geolocation: { continent: EU, subdivision: CA } }',
    'needs country beside it',
  ],
  [
    '{ name: w.example.com, type: A, ttl: 60, values: [192.0.2.1], setIdentifier: a, multiValue: false }',
    'write true, or leave it out',
  ],
  [
    '{ name: w.example.com, type: A, setIdentifier: a, multiValue: true, alias: { zone: Z1, name: x.example.net } }',
    'cannot stand beside alias in Route 53',
  ],
  [
    '{ nmae: w.example.com, type: A, ttl: 60, values: [192.0.2.1] }',
    'nmae (line 7): is not a known key; did you mean name?',
  ],
  ['www.example.com', '"www.example.com" does not fit here; write a record set, such as { name: www.example.com'],
];

describe('a record set that Route 53 would refuse is refused here, with what to write', () => {
  test.for(RECORDS)('%s', ([record, said]) => {
    const problems = problemsOf(SMALL.replace(/- \{ name: www.example.com, type: A,.*/, () => `- ${record}`));
    expect(problems.join('\n')).toContain(said);
    expect(problems[0]).toMatch(/^switches\.www\.positions\.primary\[0\]\S* \(line 7\): /);
  });
});

/** Sets of one position that cannot stand together. */
const TOGETHER: readonly [string, string, string][] = [
  [
    'type: A, ttl: 1, values: [192.0.2.1]',
    'type: A, ttl: 1, values: [192.0.2.2]',
    'is in [0] already; put all values into one set',
  ],
  [
    'type: A, ttl: 1, values: [192.0.2.1]',
    'type: CNAME, ttl: 1, values: [a.example.net]',
    'CNAME w.example.com stands beside A in [0]',
  ],
  [
    'type: CNAME, ttl: 1, values: [a.example.net]',
    'type: TXT, ttl: 1, values: [\'"x"\']',
    'TXT w.example.com stands beside CNAME in [0]',
  ],
  [
    'type: A, ttl: 1, values: [192.0.2.1], setIdentifier: a, weight: 1',
    'type: A, ttl: 1, values: [192.0.2.1], setIdentifier: a, weight: 2',
    'has the setIdentifier of [0]; give each set its own',
  ],
  [
    'type: A, ttl: 1, values: [192.0.2.1], setIdentifier: a, weight: 1',
    'type: A, ttl: 1, values: [192.0.2.1], setIdentifier: b, region: eu-west-1',
    'has another routing policy than [0]',
  ],
  [
    'type: A, ttl: 1, values: [192.0.2.1], setIdentifier: a, weight: 1',
    'type: A, ttl: 1, values: [192.0.2.1]',
    'has another routing policy than [0]',
  ],
];

test.for(TOGETHER)('in one position, %s beside %s is refused', ([first, second, said]) => {
  const sets = `- { name: w.example.com, ${first} }\n        - { name: W.example.com., ${second} }`;
  const problems = problemsOf(SMALL.replace(/- \{ name: www.example.com, type: A,.*/, () => sets));
  expect(problems).toEqual([expect.stringContaining(said)]);
  expect(problems[0]).toMatch(/^switches\.www\.positions\.primary\[1\] \(line 8\): /);
});

const SECRET = 'abcdefghijklmnop';
const ID = '4b0c6f3e5d2a41f7a9e0b1c2d3e4f5a6';

/** What is added below the small file, and what is said about it. */
const SECTIONS: readonly [string, string][] = [
  [
    'http: { listen: 0.0.0.0:8080 }',
    'http.listen (line 10): can be reached from other machines, and there are no tokens; write tokens',
  ],
  ["http: { listen: '[::]:8080' }", 'can be reached from other machines'],
  ['http: { listen: dashover.example.com:8080 }', 'can be reached from other machines'],
  ['http: { listen: 8080 }', '"8080" is a number, not text; write host:port'],
  ["http: { listen: ':8080' }", '":8080" has no host; write host:port, such as 127.0.0.1:8080, or 0.0.0.0:8080'],
  ['http: { listen: 127.0.0.1:99999 }', 'is not host:port with a port up to 65535'],
  ["http: { listen: '::1:8080' }", "write an IPv6 address in brackets, such as '[::1]:8080'"],
  ['http: { listen: 300.0.0.1:80 }', 'is not host:port'],
  [
    'http: { publicUrl: dashover.example.com }',
    'http.publicUrl (line 10): the value does not fit here; write the URL under which',
  ],
  [
    "http: { publicUrl: 'https://dashover.example.com/?key=x' }",
    'http.publicUrl (line 10): the value does not fit here; write the URL under which',
  ],
  ['http: { trustProxy: [proxy] }', '"proxy" does not fit here; write an IP address or network, such as 10.0.0.0/8'],
  ['http: { trustProxy: [10.0.0.0/33] }', '"10.0.0.0/33" does not fit here; write an IP address or network'],
  ['http:', 'http (line 10): is empty; write where the endpoint listens'],
  ['store: ./dashover.db', 'is not a store; write sqlite:./dashover.db, or postgres://'],
  ["store: 'sqlite:'", 'names no file'],
  ["store: 'sqlite::memory:'", 'jobs must survive a restart'],
  ['store: postgres:dashover', 'is not the URL of a PostgreSQL database; write sqlite:./dashover.db, or postgres://'],
  ['store: postgres://u:pa#ss@h/d', 'is not the URL of a PostgreSQL database'],
  ['store: postgres://u:pa/ss@h/d', '%2F for /'],
  ['store: postgres://u:p@h', 'names no database; write sqlite:./dashover.db, or postgres://'],
  ['store: sqlite:./no/such/folder/x.db', 'is in a folder that does not exist; make the folder'],
  ['notify: {}', 'notify (line 10): is a mapping, which does not fit here; write a list of receivers'],
  ['notify: [{ kind: mail }]', '"mail" does not fit here; write pagerduty, slack, webhook, datadog or heartbeat'],
  ['notify: [{ kind: pagerduty }]', 'notify[0].routingKey (line 10): is missing; pagerduty needs the integration key'],
  [
    "notify: [{ kind: pagerduty, routingKey: 'short' }]",
    'notify[0].routingKey (line 10): the value does not fit here; write ${NAME} of an environment variable that holds the 32',
  ],
  ['notify: [{ kind: slack }]', 'notify[0].url (line 10): is missing; slack needs where it is'],
  ["notify: [{ kind: slack, url: 'hooks.slack.com/x' }]", 'notify[0].url (line 10): the value does not fit here'],
  [
    "notify: [{ kind: slack, url: 'https://h.example.com', every: 1m }]",
    'notify[0].every (line 10): does not go with kind: slack; remove it',
  ],
  [
    "notify: [{ kind: slack, url: 'https://h.example.com', channel: ops }]",
    'notify[0].channel (line 10): is not a known key',
  ],
  ["notify: [{ kind: slack, url: 'https://h.example.com', on: [wwww] }]", '"wwww" names no switch; did you mean www?'],
  ["notify: [{ kind: webhook, url: 'https://h.example.com' }]", 'notify[0].secret (line 10): is missing'],
  [
    "notify: [{ kind: webhook, url: 'https://h.example.com', secret: 'not base64!' }]",
    'notify[0].secret (line 10): the value is no signing secret; write ${NAME}',
  ],
  ['notify: [{ kind: datadog }]', 'notify[0].apiKey (line 10): is missing; datadog needs an API key'],
  [
    "notify: [{ kind: datadog, apiKey: '0123456789abcdef', site: 'https://datadoghq.eu' }]",
    'write the site of your Datadog account',
  ],
  [
    "notify: [{ kind: heartbeat, url: 'https://h.example.com', every: 1s }]",
    'notify[0].every (line 10): "1s" is out of range; write 10s to 1d',
  ],
  ['datadog: { noData: yes }', 'datadog.noData (line 10): "yes" does not fit here; write alert or ignore'],
  ['datadog: { warn: failover }', 'datadog.warn (line 10): "failover" does not fit here; write alert or ignore'],
  ['datadog: { maxAge: 10 }', '"10" is a number, not text; write a duration'],
  ['datadog: { maxAge: 0s }', '"0s" is out of range; write 1s to 30d'],
  ['datadog: { nodata: alert }', 'datadog.nodata (line 10): is not a known key; did you mean noData?'],
  ['datadog:', 'datadog (line 10): is empty; write what Datadog'],
  ['route53: { region: Frankfurt }', '"Frankfurt" does not fit here; write an AWS region'],
  ['route53: { endpoint: localhost:15380 }', 'write the URL of a local Route 53'],
  ["route53: { endpoint: 'http://127.0.0.1:15380/?key=x' }", 'write the URL of a local Route 53'],
  ['route53: { requestsPerSecond: 0 }', 'write a whole number from 1 to 1000; Route 53 takes 5'],
  ['dns: { nameServers: [ns.example.com] }', '"ns.example.com" is not an address of a name server'],
  ['dns: { verify: yes }', '"yes" does not fit here; write true, or false'],
  ['mqtt: { url: https://broker.example.com }', 'write a URL with mqtt:, mqtts:, ws: or wss:'],
  ["mqtt: { url: 'mqtts://u:p@h' }", 'write username and password as keys of their own'],
  [
    "mqtt: { url: 'mqtts://h', cert: ./endpoint.pem }",
    'mqtt.key (line 10): is missing; a certificate needs its private key',
  ],
  ["mqtt: { url: 'mqtts://h', username: x }", 'mqtt.password (line 10): is missing; write username and password'],
  ["mqtt: { url: 'mqtt://h', ca: ./ca.pem }", 'is not encrypted, so ca would not be used; write mqtts:'],
  ["mqtt: { url: 'mqtts://h', ca: ./none.pem }", 'mqtt.ca (line 10): names a file that does not exist'],
  ["mqtt: { url: 'mqtts://h', ca: ./endpoint.key }", 'has no PEM CERTIFICATE in it'],
  ["mqtt: { url: 'mqtts://h', prefix: /dashover }", '"/dashover" does not fit here; write at most four topic levels'],
  ["mqtt: { url: 'mqtts://h', prefix: a/b/c/d/e }", 'at most four topic levels'],
  ["mqtt: { url: 'mqtts://h', clientId: a/b }", 'a client id of 1 to 128 characters without / + #'],
  [
    "mqtt: { url: 'mqtts://h', commands: [reboot] }",
    'mqtt.commands[0] (line 10): "reboot" does not fit here; write failover, restore or drill',
  ],
  ['automation: { mode: auto }', '"auto" does not fit here; write on, observe or off'],
  ['automation: { within: 10 }', '"10" is a number, not text; write a duration'],
  ['automation: { within: 10w }', '"10w" does not fit here; write a duration'],
  ['automation: { within: 400d }', '"400d" is out of range; write 1s to 30d'],
  ['automation: { maxSwitches: 0 }', '"0" does not fit here; write a whole number from 1 to 10000'],
  [`tokens: [{ name: a, secret: ${SECRET}, on: [wwv], may: ['*'] }]`, '"wwv" names no switch; did you mean www?'],
  [
    `tokens: [{ name: a, secret: ${SECRET}, on: [www], may: [reboot] }]`,
    "write a command, hold, release, cancel, alerts or '*'",
  ],
  [
    `tokens: [{ name: a, secret: ${SECRET}, on: [www], may: [drill], via: [mqtt] }]`,
    'write datadog, api, dashboard or cli',
  ],
  [`tokens: [{ name: a, secret: ${SECRET}, on: [], may: [drill] }]`, 'tokens[0].on (line 10): is an empty list'],
  [
    'tokens: [{ name: a, secret: short, on: [www], may: [drill] }]',
    'tokens[0].secret (line 10): the value does not fit here; write ${NAME}',
  ],
  ['tokens: [{ name: a, on: [www], may: [drill] }]', 'tokens[0].secret (line 10): is missing; write ${NAME}'],
  [
    `tokens: [{ name: a, secret: ${SECRET}, on: [www], may: [drill] }, { name: a, secret: ${SECRET}, on: [www], may: [drill] }]`,
    'tokens[1].secret (line 10): is the same as tokens[0].secret; give each its own secret',
  ],
  [
    `tokens: [{ name: a, secret: ${SECRET}, on: [www], may: [drill] }, { name: a, secret: ${SECRET}1, on: [www], may: [drill] }]`,
    'tokens[1].name (line 10): is the same as tokens[0].name',
  ],
  [
    `triggers: [{ id: abc, secret: ${SECRET}, switch: www, command: failover }]`,
    '"abc" does not fit here; write 32 digits',
  ],
  [`triggers: [{ id: ${ID}, secret: ${SECRET}, switch: web, command: failover }]`, '"web" names no switch; write www'],
  [
    `triggers: [{ id: ${ID}, secret: ${SECRET}, switch: www, command: failover, to: primary }]`,
    'is primary, which is where restore goes; write maintenance',
  ],
  [
    `triggers: [{ id: ${ID}, secret: ${SECRET}, switch: www, command: restore, to: maintenance }]`,
    'does not fit restore; write primary or before',
  ],
  [
    `triggers: [{ id: ${ID}, secret: ${SECRET}, switch: www, command: restore, to: before, automatic: true }]`,
    'only a human may choose',
  ],
  [
    `triggers: [{ id: ${ID}, secret: ${SECRET}, switch: www, command: drill, to: dr }]`,
    '"dr" names no position of www; write primary or maintenance',
  ],
  [
    `triggers: [{ id: ${ID}, secret: ${SECRET}, switch: www, command: drill }, { id: ${ID}, secret: ${SECRET}2, switch: www, command: drill }]`,
    'triggers[1].id (line 10): is the same as triggers[0].id',
  ],
  [
    'devices: { lobby: { on: [wwww], may: [drill] } }',
    'devices.lobby.on[0] (line 10): "wwww" names no switch; did you mean www?',
  ],
  ['devices: { lobby: { on: [www], may: [hold] } }', '"hold" does not fit here; write failover, restore or drill'],
  [
    "devices: { 'a/b': { on: [www], may: [drill] } }",
    'is not a name that can stand here; write a name of letters, digits',
  ],
  ['colour: red', 'colour (line 10): is not a known key; known here: http, store'],
  ['constructor: {}', 'constructor (line 10): is not a known key'],
  ['__proto__: {}', 'has the key "__proto__", which is not understood'],
  ['? [a, b]\n: c', 'has a key that is not a word'],
];

describe('what is wrong in a section is told with its path and the remedy', () => {
  test.for(SECTIONS)('%s', ([section, said]) => {
    expect(problemsOf(`${SMALL}${section}\n`, ENV, exampleFolder()).join('\n')).toContain(said);
  });
});

/** A change of the small file, and what is said about it. */
const SWITCHES: readonly [string, string, string][] = [
  [
    'maintenance:',
    'failover:\n        - { name: w.example.com, type: A, ttl: 1, values: [192.0.2.1] }\n      maintenance:',
    'switches.www.failoverTo (line 3): is missing, and there are several positions; write failover or maintenance',
  ],
  [
    'zone:',
    'failoverTo: maintainance\n    zone:',
    '"maintainance" names no position of this switch; did you mean maintenance?',
  ],
  ['zone:', 'failoverTo: primary\n    zone:', 'is primary, which is where restore goes'],
  ['primary:', 'main:', `${POSITIONS}.primary (line 5): is missing; write the record sets of normal operation`],
  ['maintenance:', 'before:', `${POSITIONS}.before (line 8): is a word with a meaning of its own`],
  ['maintenance:', 'Dr:', `${POSITIONS}.Dr (line 8): is not a name that can stand here; write a name of a-z`],
  ['maintenance:', 'primary:', `${POSITIONS}.primary (line 8): is written twice, first in line 6; keep one of them`],
  ['zone: Z0123456789ABC', 'zone: z1', 'switches.www.zone (line 4): "z1" does not fit here; write a hosted zone id'],
  ['zone: Z0123456789ABC', 'title: x', 'switches.www.zone (line 3): is missing; write a hosted zone id'],
  [
    'zone:',
    "probe: { dr: { url: 'https://x.example' } }\n    zone:",
    'switches.www.probe.dr (line 4): names no position of this switch',
  ],
  [
    'zone:',
    'probe: { primary: { url: x } }\n    zone:',
    'switches.www.probe.primary.url (line 4): the value does not fit here; write an http or https URL',
  ],
  ['zone:', "probe: { primary: { url: 'https://u:p@x.example' } }\n    zone:", 'URL without a password in it'],
  [
    'zone:',
    "probe: { primary: { url: 'https://x.example', connectTo: x.example } }\n    zone:",
    'write an IP address, such as 192.0.2.10',
  ],
  ['zone:', 'guards: { hold: forever }\n    zone:', 'write until-released, none, or a duration from 1s to 365d'],
  ['zone:', 'guards: { flapping: { moves: 1 } }\n    zone:', 'write a whole number from 2 to 1000'],
  ['zone:', 'gaurds: {}\n    zone:', 'switches.www.gaurds (line 4): is not a known key; did you mean guards?'],
  [
    'type: CNAME, ttl: 60, values: [maintenance.example.net]',
    'type: A, ttl: 60, values: [192.0.2.10]',
    'has the same records as primary',
  ],
  [
    'type: CNAME, ttl: 60, values: [maintenance.example.net]',
    "type: AAAA, ttl: 60, values: ['2001:db8::10'] }\n      dr:\n        - { name: www.example.com, type: AAAA, ttl: 60, values: ['2001:0db8:0:0::10']",
    'has the same records as maintenance',
  ],
  [
    'type: CNAME, ttl: 60, values: [maintenance.example.net]',
    'type: CNAME, ttl: 60, values: [maintenance.example.net] }\n      dr:\n        - { name: www.example.com, type: CNAME, ttl: 60, values: [Maintenance.Example.net.]',
    'has the same records as maintenance',
  ],
  [
    '  www:',
    '  Www:',
    'switches.Www (line 3): is not a name that can stand here; write a name of a-z, 0-9 and -, at most 40',
  ],
];

test.for(SWITCHES)('a switch with %s changed to %s is refused', ([from, to, said]) => {
  expect(problemsOf(SMALL.replace(from, () => to)).join('\n')).toContain(said);
});

/** The small example with a second switch, whose records are named and typed like this. */
function other(type: string, values: string, zone: string, name = 'www'): string {
  return `${SMALL}  two:
    zone: ${zone}
    positions:
      primary: [{ name: ${name}.example.com, type: ${type}, ttl: 60, values: ['${values}'] }]
      dr: [{ name: ${name}.example.com, type: ${type}, ttl: 90, values: ['${values}'] }]
`;
}

test('two switches that own the same record, or a name that one of them makes a CNAME, are refused', () => {
  const said = 'www.example.com belongs to the switch www already';
  expect(problemsOf(other('A', '192.0.2.1', 'Z0123456789ABC'))[0]).toContain(`A ${said}`);
  expect(problemsOf(other('TXT', '"x"', 'Z0123456789ABC'))[0]).toContain(`TXT ${said}`);
  expect(problemsOf(other('A', '192.0.2.1', 'Z0123456789ABC', 'api'))).toEqual([]);
  expect(problemsOf(other('A', '192.0.2.1', 'Z9'))).toEqual([]);
});

test('six different mistakes in six places are six problems, in the order of the file', () => {
  const text = SMALL.replace('zone: Z0123456789ABC', 'zone: nowhere')
    .replace('ttl: 60', 'ttl: soon')
    .replace('[maintenance.example.net]', '[a.example.net, b.example.net]')
    .concat(
      'http: { listn: 1 }\nautomation: { mode: auto }\ntriggers: [{ id: 1, secret: x, switch: web, command: failover }]\n',
    );
  expect(problemsOf(text).map((problem) => problem.replace(/:.*/, ''))).toEqual([
    'switches.www.zone (line 4)',
    'switches.www.positions.primary[0].ttl (line 7)',
    'switches.www.positions.maintenance[0].values (line 9)',
    'http.listn (line 10)',
    'automation.mode (line 11)',
    'triggers[0].id (line 12)',
    'triggers[0].secret (line 12)',
    'triggers[0].switch (line 12)',
  ]);
});

const SYNTAX: readonly [string, string][] = [
  ['', '(file): is empty; write a mapping'],
  ['- a\n', 'line 1: is a list of 1, which does not fit here'],
  ['switches: {\n', 'the indentation does not fit'],
  ['a: b: c\n', 'line 1: '],
  ['a:\n\t- b\n', 'the line is indented with a tab; use spaces'],
  ['a: *b\n', 'a word that begins with * means an alias'],
  ['a: !b c\n', 'a word that begins with ! means a tag'],
  ['a: @b\n', 'begins with a character that YAML keeps for itself; put it in quotes'],
  ['tokens: [{ secret: ${X} }]\n', "Put ${NAME} in quotes, as in '${NAME}'"],
  ['a: 1\n---\nb: 2\n', 'a second document begins here'],
  ['['.repeat(20_000), 'line '],
  [
    `a: &a [1, 2]\n${Array.from({ length: 30 }, (_, i) => `x${i}: &x${i} [*${i ? `x${i - 1}` : 'a'}, *${i ? `x${i - 1}` : 'a'}]`).join('\n')}\n`,
    'is nested deeper than can be read',
  ],
];

test.for(SYNTAX)('what is no configuration at all is told as such: %s', ([text, said]) => {
  expect(problemsOf(text).join('\n')).toContain(said);
});

test('a name that cannot stand there hides nothing of what is below it', () => {
  const switches = 'switches: { WWW: { zone: z1, colour: red, positions: { primary: [], Dr: [{ nam: x }] } } }';
  const said = problemsOf(`${switches}\ndevices: { 'a/b': { on: [www], mya: [drill] } }\n`).join('\n');
  expect(said).toMatch(/switches\.WWW \(line 1\): is not a name that can stand here/);
  expect(said).toMatch(/switches\.WWW\.zone \(line 1\): "z1" does not fit here/);
  expect(said).toMatch(/switches\.WWW\.colour \(line 1\): is not a known key/);
  expect(said).toMatch(/switches\.WWW\.positions\.primary \(line 1\): is an empty list/);
  expect(said).toMatch(/switches\.WWW\.positions\.Dr \(line 1\): is not a name that can stand here/);
  expect(said).toMatch(/switches\.WWW\.positions\.Dr\[0\]\.nam \(line 1\): is not a known key; did you mean name/);
  expect(said).toMatch(/devices\."a\/b"\.mya \(line 2\): is not a known key; did you mean may/);
});
