import { z } from 'zod';
import { COMPONENTS } from './answers.ts';
import { type DescribedSchema, TAGS } from './described.ts';
import type { Route } from './route-table.ts';
import { ROUTES } from './route-words.ts';

export interface DocumentOptions {
  readonly routes: readonly Route[];
  readonly version: string;
  readonly publicUrl: string | undefined;
}

const SCHEMES = {
  Bearer: { type: 'http', scheme: 'bearer', description: 'The secret of a token or device of dashover.yaml.' },
  CAAuth: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: 'The same as `CAAuth <secret>`, as Cloud Automator sends it.',
  },
} as const;

/**
 * The description of the API, as OpenAPI. It is made by a fastify of its own that has the described routes and does nothing
 * in them, when somebody asks for it: no start and no idle endpoint pays for it.
 */
export async function describeApi({ routes, version, publicUrl }: DocumentOptions) {
  const [{ fastify }, { default: swagger }, { createJsonSchemaTransform, createJsonSchemaTransformObject }] =
    await Promise.all([import('fastify'), import('@fastify/swagger'), import('fastify-type-provider-zod')]);
  const schemaRegistry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(COMPONENTS)) schemaRegistry.add(schema, { id });
  const settings = { schemaRegistry, zodToJsonConfig: { override: withoutPattern } };
  const named = createJsonSchemaTransformObject(settings);

  const app = fastify({ exposeHeadRoutes: false, routerOptions: { ignoreTrailingSlash: true } });
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'dashover',
        version,
        description:
          'The emergency DNS switch. Errors are `{ error: { code, message, hint } }`; times are ISO 8601 UTC.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: publicUrl ?? '/' }],
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: { securitySchemes: SCHEMES },
    },
    transform: createJsonSchemaTransform(settings),
    transformObject: (document) => {
      const whole = named(document);
      const { components, ...rest } = whole as WithComponents;
      const schemas = usedOf(components?.schemas ?? {}, rest);
      return { ...whole, components: { ...components, schemas } } as ReturnType<typeof named>;
    },
  });
  for (const { url, methods, schema } of routes) {
    const { sends, ...given }: DescribedSchema = url === '/' ? ROUTES.page : schema;
    const [method] = methods;
    if (given.summary === undefined || method === undefined || method === 'HEAD') continue;
    app.route({ url, method, schema: { ...given, ...(sends && { body: sends }) }, handler: async () => null });
  }
  await app.ready();
  const document = withOptionalBodies(app.swagger());
  await app.close();
  return document;
}

/** A format that every reader knows says more than its regular expression of 300 characters. */
function withoutPattern({ jsonSchema }: { jsonSchema: { format?: string; pattern?: string } }): void {
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
}

/** A body in which nothing is required may be left out. */
function withOptionalBodies(document: object): object {
  return JSON.parse(JSON.stringify(document), (key, value) => {
    if (key !== 'requestBody') return value;
    const required = Object.values(value.content as Record<string, Media>).every(({ schema }) => schema?.required);
    return { ...value, required };
  }) as object;
}

interface Media {
  readonly schema?: { readonly required?: readonly string[] };
}

interface WithComponents {
  readonly components?: { readonly schemas?: object };
}

/** Each component is written for requests and for answers; what no route refers to is left out. */
function usedOf(schemas: object, rest: object): object {
  const all = Object.entries(schemas);
  const used = new Set<string>();
  const use = (part: unknown): void => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"/]+)"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      use(all.find(([known]) => known === name)?.[1] ?? null);
    }
  };
  use(rest);
  return Object.fromEntries(all.filter(([name]) => used.has(name)));
}
