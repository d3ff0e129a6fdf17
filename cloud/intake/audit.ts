import { z } from 'zod';
import type { Api, ApiOptions } from './api-options.ts';
import { checkReader, checkSeesAll } from './respond.ts';

const Query = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** The journal, oldest first, refusals included. Each row's hash covers the row before. */
export function auditRoutes(app: Api, { journal }: ApiOptions): void {
  app.get('/api/audit', { schema: { querystring: Query } }, async (request) => {
    checkReader(request);
    checkSeesAll(request);
    const rows = await journal(request.query.after, request.query.limit);
    const entries = rows.map(({ seq, atMs, kind, lane, text, detail, hash }) => ({
      seq,
      at: new Date(atMs).toISOString(),
      kind,
      switch: lane,
      text,
      detail,
      hash,
    }));
    return { entries };
  });
}
