import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-error.ts';

/**
 * That a request is signed at all: the local Route 53 knows no secrets, so it cannot tell a right signature from a
 * wrong one. Throws an ApiError `MissingAuthenticationToken` or `IncompleteSignature`.
 */
export function checkSignature(incoming: IncomingMessage): void {
  const { authorization } = incoming.headers;
  if (authorization === undefined || !authorization.startsWith('AWS4-HMAC-SHA256 ')) {
    throw new ApiError('MissingAuthenticationToken', 'Missing Authentication Token', 403);
  }
  const missing = ['Credential', 'SignedHeaders', 'Signature'].filter((part) => !authorization.includes(`${part}=`));
  if (missing.length > 0) {
    throw new ApiError(
      'IncompleteSignature',
      `Authorization header requires '${missing.join("', '")}' parameter.`,
      403,
    );
  }
}
