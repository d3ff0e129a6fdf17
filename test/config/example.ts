import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ConfigProblems, parseConfig, type Config } from '../../cloud/config/read.ts';

/** Every key that this version knows, each with another value than its default. */
export const EXAMPLE = `
http:
  listen: '[::1]:8443'
  publicUrl: https://dashover.example.com/
  trustProxy: [10.0.0.0/8]
store: sqlite:./state.db
route53:
  region: us-west-2
  endpoint: http://127.0.0.1:15380
  requestsPerSecond: 3
dns:
  verify: false
  nameServers: ['127.0.0.1:15353', '2001:db8::53']
mqtt:
  url: mqtts://example-ats.iot.eu-west-1.amazonaws.com:8883
  ca: ./ca.pem
  cert: ./endpoint.pem
  key: ./endpoint.key
  clientId: dashover-endpoint
  prefix: acme/dns
  username: x
  password: '\${MQTT_PASSWORD}'
  commands: [drill]
automation:
  mode: observe
  maxSwitches: 5
  within: 20m
switches:
  www:
    title: Web site
    zone: Z0123456789ABC
    positions:
      primary:
        - { name: WWW.example.com., type: A, ttl: 60, values: [192.0.2.10] }
        - { name: www.example.com, type: AAAA, ttl: 60, values: ['2001:0DB8::0010'] }
      maintenance:
        - { name: www.example.com, type: CNAME, ttl: 60, values: [Maintenance.example.net.] }
      dr:
        - { name: www.example.com, type: A, alias: { zone: Z2FDTNDATAQYW2, name: d1.cloudfront.net. } }
    failoverTo: maintenance
    probe:
      primary: { url: 'https://www.example.com/health', connectTo: 192.0.2.10, expect: [200], timeout: 5s }
      maintenance: { url: 'https://maintenance.example.net/', expect: [200, 503] }
    guards:
      hold: 1h
      restoreAfter: 3m
      cooldown: 0s
      flapping: { moves: 6, within: 2h }
      jobDeadline: 5m
  mail:
    zone: /hostedzone/Z0123456789ABC
    positions:
      primary:
        - { name: example.com, type: MX, ttl: 300, values: ['10 mail.example.com.'] }
        - { name: 'w.example.com', type: TXT, ttl: 0, values: ['"v=spf1 -all"'], setIdentifier: a, weight: 100 }
      backup:
        - { name: example.com, type: MX, ttl: 300, values: ['10 backup.example.com'] }
        - { name: 'w.example.com', type: TXT, ttl: 0, values: ['"v=spf1 -all"'], setIdentifier: a, weight: 0 }
tokens:
  - { name: datadog, secret: '\${DATADOG_TOKEN}', on: [www], may: [failover, restore], via: [datadog], automatic: true }
  - { name: ops, secret: '\${OPS_TOKEN}', on: ['*'], may: ['*'] }
triggers:
  - { id: 4b0c6f3e5d2a41f7a9e0b1c2d3e4f5a6, secret: '\${TRIGGER}', switch: www, command: failover, to: maintenance, automatic: true }
devices:
  lobby: { on: [www], may: [failover, restore, drill], token: '\${LOBBY_TOKEN}', drillEvery: 30d }
datadog: { noData: ignore, warn: alert, maxAge: 15m }
notify:
  - { kind: pagerduty, routingKey: '\${PAGERDUTY_KEY}', url: 'https://proxy.example.com', on: [www] }
  - { kind: slack, url: '\${SLACK_URL}' }
  - { kind: webhook, url: 'https://hooks.example.com/dashover', secret: '\${HOOK_SECRET}' }
  - { kind: datadog, apiKey: '\${DD_API_KEY}', site: datadoghq.eu }
  - { kind: heartbeat, url: 'https://heart.example.com/SECRET-heart', every: 5m }
  - { kind: slack, url: '\${SLACK_URL}', on: ['*'] }
`;

export const ENV = {
  MQTT_PASSWORD: 'SECRET-mqtt-password',
  DATADOG_TOKEN: 'SECRET-datadog-token-1',
  OPS_TOKEN: 'SECRET-ops-token-000002',
  TRIGGER: 'SECRET-trigger-00000003',
  LOBBY_TOKEN: 'SECRET-lobby-0000000004',
  PAGERDUTY_KEY: 'SECRETpagerduty00000000000000005',
  SLACK_URL: 'https://hooks.slack.example/services/T0/B0/SECRET-slack-06',
  HOOK_SECRET: 'whsec_U0VDUkVULWhvb2stMDAwMDAwMDAwMDA3',
  DD_API_KEY: 'SECRETdatadogapikey0000000000008',
};

/** A folder with the PEM files of the example, removed when the test ends. */
export function exampleFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dashover-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writePem(folder);
  return folder;
}

export function writePem(folder: string): void {
  writeFileSync(join(folder, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nca\n');
  writeFileSync(join(folder, 'endpoint.pem'), '-----BEGIN CERTIFICATE-----\ncert\n');
  writeFileSync(join(folder, 'endpoint.key'), '-----BEGIN EC PRIVATE KEY-----\nkey\n');
}

/** A small good file, for mistakes to be made in. */
export const SMALL = `
switches:
  www:
    zone: Z0123456789ABC
    positions:
      primary:
        - { name: www.example.com, type: A, ttl: 60, values: [192.0.2.10] }
      maintenance:
        - { name: www.example.com, type: CNAME, ttl: 60, values: [maintenance.example.net] }
`;

export function parse(text: string, env: Record<string, string> = ENV, folder = tmpdir()): Config {
  return parseConfig(text, join(folder, 'dashover.yaml'), env);
}

/** The problems of a text, each one sentence; none when it is good. */
export function problemsOf(text: string, env: Record<string, string> = ENV, folder = tmpdir()): readonly string[] {
  try {
    parse(text, env, folder);
    return [];
  } catch (error) {
    if (error instanceof ConfigProblems) return error.problems;
    throw error;
  }
}
