import { normalName } from '../../shared/dns-name.ts';

/**
 * Record values in one spelling each, so that what people write, what Route 53 keeps and what a name server answers
 * can be compared. Only for comparing: what is sent is what was downloaded or configured.
 */

/** One value of a record of this type, in its canonical spelling. */
export function normalValue(type: string, value: string): string {
  const text = value.trim();
  switch (type) {
    case 'AAAA':
      return normalIpv6(text);
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return normalName(text);
    case 'MX':
    case 'SRV':
    case 'SVCB':
    case 'HTTPS':
      return normalFields(type, text);
    case 'TXT':
    case 'SPF':
      return JSON.stringify(characterStrings(text));
    default:
      return text.replace(/\s+/g, ' ');
  }
}

/** The value as Route 53 takes it: TXT in quotes, in strings of at most 255 characters; all else as it stands. */
export function sendableValue(type: string, value: string): string {
  if ((type !== 'TXT' && type !== 'SPF') || value.trim().startsWith('"')) return value;
  const strings = value.match(/[\s\S]{1,255}/g) ?? [''];
  return strings.map((part) => `"${part.replace(/[\\"]/g, '\\$&')}"`).join(' ');
}

/** The URL parser knows every spelling of an IPv6 address, and one canonical one. */
function normalIpv6(text: string): string {
  const url = `http://[${text}]`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : text.toLowerCase();
}

/** Where the host name stands: `10 Mail.Example.com.` is `10 mail.example.com`. */
const NAME_FIELD: Readonly<Record<string, number>> = { MX: 1, SRV: 3, SVCB: 1, HTTPS: 1 };

function normalFields(type: string, text: string): string {
  const fields = text.split(/\s+/);
  return fields.map((field, index) => (index === NAME_FIELD[type] ? normalName(field) : field)).join(' ');
}

/** The strings of a TXT value, with `\"`, `\\` and `\ooo` decoded; text without quotes is one string. */
function characterStrings(text: string): string[] {
  if (!text.startsWith('"')) return [text];
  return [...text.matchAll(/"((?:[^"\\]|\\[\s\S])*)"/g)].map(([, body = '']) =>
    body.replace(/\\([0-3][0-7]{2})|\\([\s\S])/g, (_, octal: string | undefined, plain: string | undefined) =>
      octal === undefined ? (plain ?? '') : String.fromCharCode(Number.parseInt(octal, 8)),
    ),
  );
}
