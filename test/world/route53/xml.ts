/** A written element, or nothing where the value is absent. */
export type Xml = string;

const NAMESPACE = 'https://route53.amazonaws.com/doc/2013-04-01/';

/** `<name>text</name>`, escaped; nothing when there is no value. */
export function leaf(name: string, value: string | number | boolean | undefined): Xml {
  return value === undefined ? '' : `<${name}>${escapeText(String(value))}</${name}>`;
}

export function element(name: string, ...children: readonly Xml[]): Xml {
  return `<${name}>${children.join('')}</${name}>`;
}

/** A whole reply, with Route 53's namespace on its root. */
export function xmlDocument(root: string, ...children: readonly Xml[]): Xml {
  return `<?xml version="1.0"?>\n<${root} xmlns="${NAMESPACE}">${children.join('')}</${root}>`;
}

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/[\r\n\t]/g, (char) => `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`);
}
