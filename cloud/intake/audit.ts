import { z } from 'zod';
import type { Api, ApiOptions } from './api-options.ts';
import { checkReader, checkSeesAll } from './respond.ts';
import { ROUTES } from './route-words.ts';

const Limit = z.coerce.number().int().min(1).max(1_000).default(100);
const Query = z
  .strictObject({
    after: z.coerce.number().int().min(0).optional(),
    before: z.union([z.literal('end'), z.coerce.number().int().min(1)], 'the number of a row, or end').optional(),
    limit: Limit,
  })
  .refine(({ after, before }) => after === undefined || before === undefined, {
    path: ['before'],
    message: 'not together with after: one reads on, the other back',
  });

/**
 * The journal, refusals included: oldest first, or newest first from `before` a row or its `end`. Each row's hash covers the row before; the first one's covers the
 * anchor: the last row that was exported and taken out.
 */
export function auditRoutes(app: Api, { journal, journalBefore, journalAnchor }: ApiOptions): void {
  app.get('/api/audit', { schema: { querystring: Query, ...ROUTES.audit } }, async (request) => {
    checkReader(request);
    checkSeesAll(request);
    let anchor = await journalAnchor();
    const { after = 0, before, limit } = request.query;
    const read = () =>
      before === undefined
        ? journal(after, limit)
        : journalBefore(before === 'end' ? Number.MAX_SAFE_INTEGER : before, limit);
    let rows = await read();
    // Rows taken out between the two readings would look as if somebody had stolen them.
    for (let now = await journalAnchor(); now.seq !== anchor.seq; now = await journalAnchor()) {
      anchor = now;
      rows = await read();
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
