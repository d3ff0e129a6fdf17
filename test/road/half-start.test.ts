import { expect, test } from 'vitest';
import { openNameServers } from '../../cloud/adapters/dns.ts';
import { openIds } from '../../cloud/adapters/ids.ts';
import { startApp } from '../../cloud/app.ts';
import { parseConfig } from '../../cloud/config/read.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import { silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { silentMeter } from '../intake/endpoint.ts';
import { freePort } from '../world/ports.ts';

const yaml = (port: number): string => `http: { listen: '127.0.0.1:${port}' }
switches:
  www:
    zone: Z0LOCAL
    positions:
      primary: [{ name: www.example.test, type: A, ttl: 60, values: [192.0.2.10] }]
      maintenance: [{ name: www.example.test, type: A, ttl: 60, values: [192.0.2.20] }]
`;
const never = (): Promise<never> => Promise.reject(new Error('nobody asks'));

test('a start that fails after the server listens leaves nothing listening', async () => {
  const port = await freePort(0);
  await using store = await openSqliteStore({ path: ':memory:' });
  const starting = startApp({
    config: parseConfig(yaml(port), '/nowhere/dashover.yaml', {}),
    clock: systemClock,
    ids: openIds(),
    log: silentLog,
    store: {
      ...store,
      onChange: () => {
        throw new Error('the store is not itself today');
      },
    },
    records: { read: never, zone: never, change: never, changeStatus: never },
    nameServers: openNameServers({ nameServers: undefined }),
    prober: { probe: never },
    openBus: null,
    receivers: {},
    meter: silentMeter,
  });
  await expect(starting).rejects.toThrow('the store is not itself today');
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow('fetch failed');
});
