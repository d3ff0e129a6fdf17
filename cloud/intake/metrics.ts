import type { GaugeValue, Meter } from '../ports.ts';
import type { Api } from './api-options.ts';
import type { Auth, Principal } from './auth.ts';
import { checkReader, checkSeesAll } from './respond.ts';
import { ROUTES } from './route-words.ts';

export interface MetricsOptions {
  readonly auth: Auth;
  readonly meter: Meter;
  readonly gauges: () => Promise<readonly GaugeValue[]>;
}

/**
 * `GET /metrics`: the text that Prometheus reads. It names every switch and device, so it takes a token for all switches;
 * one that may do nothing (`may: []`) is enough.
 */
export function metricsRoutes(app: Api, { auth, meter, gauges }: MetricsOptions): void {
  app.get(
    '/metrics',
    {
      schema: { ...ROUTES.metrics },
      onRequest: async (request) => {
        request.setDecorator<Principal>('principal', auth.principal(request.headers.authorization, request.ip));
      },
    },
    async (request, reply) => {
      checkReader(request);
      checkSeesAll(request);
      const text = await meter.text(await gauges());
      return reply.type('text/plain; version=0.0.4; charset=utf-8').header('cache-control', 'no-store').send(text);
    },
  );
}
