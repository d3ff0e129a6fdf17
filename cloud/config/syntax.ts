import type { ErrorCode } from 'yaml';

/**
 * Our own words for each kind of syntax error. The parser's texts repeat parts of the file (`*name`, `!tag`), and a
 * secret written without quotes may be just that.
 */
const WORDS: Partial<Record<ErrorCode, string>> = {
  BAD_ALIAS: 'a word that begins with * means an alias, and there is none of that name; put the value in quotes',
  ALIAS_PROPS: 'a word that begins with * means an alias; put the value in quotes',
  BAD_DIRECTIVE: 'a line that begins with % means a directive; put the value in quotes',
  BAD_DQ_ESCAPE: 'a backslash in double quotes begins an escape that does not exist; use single quotes',
  BAD_INDENT: 'the indentation does not fit; keys that belong together begin in the same column',
  BAD_SCALAR_START: 'the value begins with a character that YAML keeps for itself; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'there are two "key:" on one line; write them on two lines, or in { }',
  BLOCK_IN_FLOW: 'a list or mapping in lines cannot stand inside { } or [ ]; write it in { } or [ ] too',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters; look for a missing quote or ":"',
  MISSING_CHAR: 'something is missing here: a closing quote, } or ], a comma, or the space after ":"',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line; look for a missing ":" or quote in the lines above',
  MULTIPLE_ANCHORS: 'a word that begins with & means an anchor; put the value in quotes',
  MULTIPLE_DOCS: 'a second document begins here; remove the "---"',
  MULTIPLE_TAGS: 'a word that begins with ! means a tag; put the value in quotes',
  TAB_AS_INDENT: 'the line is indented with a tab; use spaces',
  TAG_RESOLVE_FAILED: 'a word that begins with ! means a tag, and this one is not understood; put the value in quotes',
  UNEXPECTED_TOKEN:
    'this does not belong here; look for a missing quote, ":" or indentation in this line and the one above',
};

/** What a YAML syntax error means and what to write. `line` is only looked at, never repeated. */
export function syntaxInWords(code: ErrorCode, line: string): string {
  const words = WORDS[code] ?? 'this line cannot be read as YAML; look for a missing quote, ":" or indentation';
  const reference = /[^'"]\$\{/.test(line) ? `. Put \${NAME} in quotes, as in '\${NAME}'` : '';
  return `${words}${reference}.`;
}
