import type { ServerResponse } from 'node:http';
import { ApiError } from './api-error.ts';
import { errorReply } from './replies.ts';

/** Answers as a broken service or the load balancer in front of it would. */
export function disguise(
  response: ServerResponse,
  status: number,
  body: 'xml' | 'html' | 'empty',
  requestId: string,
): void {
  switch (body) {
    case 'empty':
      response.writeHead(status, { 'content-length': 0 });
      response.end();
      return;
    case 'html':
      response.writeHead(status, { 'content-type': 'text/html' });
      response.end(`<html><head><title>${status}</title></head><body><h1>${status} Try again later</h1></body></html>`);
      return;
    case 'xml': {
      const code = status === 503 ? 'ServiceUnavailable' : 'InternalFailure';
      response.writeHead(status, { 'content-type': 'text/xml', 'x-amzn-requestid': requestId });
      response.end(errorReply(new ApiError(code, 'The service is temporarily unavailable', status), requestId));
    }
  }
}
