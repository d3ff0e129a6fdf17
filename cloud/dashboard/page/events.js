/**
 * Follows server-sent events with an Authorization header, which the browser's own EventSource cannot send.
 * Resolves when the stream ends; rejects with an Error that has `status` when the server refuses.
 */
export async function follow(url, headers, signal, onEvent) {
  const response = await fetch(url, { headers, signal, cache: 'no-store' });
  if (!response.ok) throw Object.assign(new Error(await sentenceOf(response)), { status: response.status });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2)));
      if (fields.has('data')) onEvent(fields.get('event'), JSON.parse(fields.get('data')));
    }
  }
}

/** What the server says was wrong, as it says it. */
async function sentenceOf(response) {
  try {
    const { error } = await response.json();
    return `${error.message} ${error.hint}`;
  } catch {
    return `The endpoint answered ${response.status}.`;
  }
}
