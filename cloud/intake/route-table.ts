import type { FastifyInstance } from 'fastify';
import type { DescribedSchema } from './described.ts';

export interface Route {
  readonly url: string;
  readonly methods: readonly string[];
  readonly schema: DescribedSchema;
}

export interface RouteTable {
  /** Which methods a path takes: fastify itself answers 404 to a wrong method. */
  methodsOf(path: string): readonly string[];
  /** All of them, in the order in which they were added. */
  all(): readonly Route[];
}

/** Collects the routes as they are added; call it before the first one. */
export function collectRoutes(app: FastifyInstance): RouteTable {
  const routes: (Route & { readonly pattern: RegExp })[] = [];
  app.addHook('onRoute', ({ url, method, schema }) => {
    const path = url
      .replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll(/:[a-zA-Z]+/g, '[^/]+')
      .replaceAll('*', '.*');
    const methods = Array.isArray(method) ? method : [method];
    routes.push({ url, methods, schema: (schema ?? {}) as DescribedSchema, pattern: new RegExp(`^${path}$`) });
  });
  return {
    methodsOf: (asked) => {
      // A slash at the end makes no other path, here as in the router.
      const path = asked.replace(/(?<=.)\/$/, '');
      return [...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))];
    },
    all: () => routes,
  };
}
