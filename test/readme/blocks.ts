import { read } from '../house/files.ts';

/** The fenced blocks of a page in a language, as they stand, without the indentation of a list. */
export function blocksOf(path: string, language: string): string[] {
  const blocks: string[] = [];
  for (const match of read(path).matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```$/gm)) {
    const [, indent = '', name, body = ''] = match;
    if (name === language) blocks.push(body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
  }
  return blocks;
}

/** The commands of all shell blocks, without their comments. */
export function commandsOf(path: string): string[] {
  return blocksOf(path, 'sh')
    .flatMap((block) => block.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '');
}
