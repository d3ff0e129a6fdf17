import type { PolicyDocument, Statement } from '../../cloud/cli/policy/document.ts';

/** A request, as AWS judges it: condition keys are absent when the request has no such thing. */
export interface Request {
  readonly action: string;
  readonly resource: string;
  readonly keys?: Readonly<Record<string, readonly string[]>>;
  /** Policy variables and single-valued keys of the connection. */
  readonly connection?: Readonly<Record<string, string>>;
}

/**
 * Reads policies by AWS's documented rules, as far as ours use them: `*` and `?` are wildcards in resources and nothing
 * else is, a variable that does not resolve matches nothing, all of a condition must hold, `ForAllValues` is true of an
 * absent key, and one statement alone must allow the request.
 */
export function allows(policies: readonly PolicyDocument[], request: Request): boolean {
  return policies.some(({ Statement }) => Statement.some((statement) => applies(statement, request)));
}

function applies({ Action, Resource, Condition }: Statement, request: Request): boolean {
  const resources = typeof Resource === 'string' ? [Resource] : Resource;
  return (
    Action.includes(request.action) &&
    resources.some((pattern) => matches(pattern, request)) &&
    Object.entries(Condition ?? {}).every(([operator, wanted]) =>
      Object.entries(wanted).every(([key, values]) => holds(operator, key, [values].flat(), request)),
    )
  );
}

function matches(pattern: string, { resource, connection = {} }: Request): boolean {
  let resolved = true;
  const filled = pattern.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    resolved &&= connection[name] !== undefined;
    return connection[name] ?? '';
  });
  const expression = filled
    .replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replaceAll('\\*', '.*')
    .replaceAll('\\?', '.');
  return resolved && new RegExp(`^${expression}$`, 's').test(resource);
}

function holds(operator: string, key: string, wanted: readonly string[], request: Request): boolean {
  const found = request.keys?.[key];
  switch (operator) {
    case 'ForAllValues:StringEquals':
      return (found ?? []).every((value) => wanted.includes(value));
    case 'Null':
      return wanted.includes(String(found === undefined));
    case 'Bool':
      return wanted.includes(request.connection?.[key] ?? '');
    default:
      throw new Error(`This reader does not know ${operator}.`);
  }
}
