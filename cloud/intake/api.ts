import { accessRoutes } from './access.ts';
import type { Api, ApiOptions } from './api-options.ts';
import { auditRoutes } from './audit.ts';
import type { Principal } from './auth.ts';
import { refuseQuery } from './check-parts.ts';
import { deviceRoutes } from './devices.ts';
import { eventRoutes } from './events.ts';
import { jobRoutes } from './jobs.ts';
import { switchRoutes } from './switches.ts';

/** Everything below /api: a bearer first, before a byte of the body is read. */
export function apiRoutes(app: Api, options: ApiOptions): void {
  app.addHook('onRequest', async (request) => {
    request.setDecorator<Principal>('principal', options.auth.principal(request.headers.authorization, request.ip));
  });
  app.addHook('preValidation', async (request) => refuseQuery(request));
  accessRoutes(app, options);
  switchRoutes(app, options);
  jobRoutes(app, options);
  deviceRoutes(app, options);
  auditRoutes(app, options);
  eventRoutes(app, options);
}
