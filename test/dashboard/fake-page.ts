/** As much of a browser's page as the dashboard's script touches: elements with text, children and listeners. */
class FakeElement {
  id = '';
  textContent = '';
  className = '';
  value = '';
  hidden = false;
  readonly name: string;
  children: FakeElement[] = [];
  readonly attributes = new Map<string, string>();
  private readonly listeners = new Map<string, (event: { preventDefault(): void }) => void>();

  constructor(name: string) {
    this.name = name;
  }

  append(...children: FakeElement[]): void {
    this.children.push(...children);
  }

  appendChild(child: FakeElement): FakeElement {
    this.children.push(child);
    return child;
  }

  replaceChildren(...children: FakeElement[]): void {
    this.children = children;
  }

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }

  focus(): void {
    this.attributes.set('focused', 'true');
  }

  addEventListener(event: string, listener: (event: { preventDefault(): void }) => void): void {
    this.listeners.set(event, listener);
  }

  fire(event: string): void {
    this.listeners.get(event)?.({ preventDefault: () => undefined });
  }

  /** All its text, as a reader would come upon it. */
  get text(): string {
    return [this.textContent, ...this.children.map(({ text }) => text)].filter((text) => text !== '').join(' | ');
  }

  find(id: string): FakeElement | undefined {
    if (this.id === id) return this;
    for (const child of this.children) {
      const found = child.find(id);
      if (found) return found;
    }
    return undefined;
  }
}

export interface FakePage {
  readonly body: FakeElement;
  element(id: string): FakeElement;
}

/** Puts a page with these ids, and a session storage, where the script looks for them; `fetch` goes to `url`. */
export function openFakePage(url: string, ids: readonly string[]): FakePage {
  const body = new FakeElement('body');
  for (const id of ids) body.appendChild(new FakeElement('div')).id = id;
  const kept = new Map<string, string>();
  const ask = globalThis.fetch;
  Object.assign(globalThis, {
    document: {
      createElement: (name: string) => new FakeElement(name),
      getElementById: (id: string) => body.find(id) ?? null,
    },
    sessionStorage: {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    },
    fetch: (path: string, init: RequestInit) => ask(url + path, init),
  });
  return {
    body,
    element(id) {
      const found = body.find(id);
      if (!found) throw new Error(`no element ${id}`);
      return found;
    },
  };
}
