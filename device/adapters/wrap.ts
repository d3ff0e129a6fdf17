/**
 * Text in lines of at most `width` characters (at least 1), broken between words; a word that is longer is broken
 * inside. More than `linesMax` lines end in `…`.
 */
export function wrap(text: string, width: number, linesMax: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((whole) => pieces(whole, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  if (lines.length <= linesMax) return lines;
  const last = lines[linesMax - 1] ?? '';
  return [...lines.slice(0, linesMax - 1), `${last.slice(0, width - 1)}…`];
}

function pieces(word: string, width: number): readonly string[] {
  const parts: string[] = [word.slice(0, width)];
  for (let from = width; from < word.length; from += width) parts.push(word.slice(from, from + width));
  return parts;
}
