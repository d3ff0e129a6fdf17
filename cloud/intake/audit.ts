import { z } from 'zod';
import type { Api, ApiOptions } from './api-options.ts';
import { checkReader, checkSeesAll } from './respond.ts';

const Query = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/**
 * The journal, oldest first, refusals included. Each row's hash covers the row before; the first one's covers the
 * anchor: the last row that was exported and taken out.
 */
export function auditRoutes(app: Api, { journal, journalAnchor }: ApiOptions): void {
  app.get('/api/audit', { schema: { querystring: Query } }, async (request) => {
    checkReader(request);
    checkSeesAll(request);
    let anchor = await journalAnchor();
    let rows = await journal(request.query.after, request.query.limit);
    // Rows taken out between the two readings would look as if somebody had stolen them.
    for (let now = await journalAnchor(); now.seq !== anchor.seq; now = await journalAnchor()) {
      anchor = now;
      rows = await journal(request.query.after, request.query.limit);
    }
    const entries = rows.map(({ seq, atMs, kind, lane, text, detail, hash }) => ({
      seq,
      at: new Date(atMs).toISOString(),
      kind,
      switch: lane,
      text,
      detail,
      hash,
    }));
    return { anchor, entries };
  });
}
