import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The text of the one press that is kept, replaced whole: it is there or it is not, whenever the power fails. */
export interface PressFile {
  /** For sentences. */
  readonly path: string;
  /** Undefined when there is none. Rejects when it cannot be read. */
  readonly read: () => Promise<string | undefined>;
  /** Resolves when it is safe. */
  readonly write: (text: string) => Promise<void>;
  readonly remove: () => Promise<void>;
}

export function openPressFile(folder: string): PressFile {
  const path = join(folder, 'press.json');

  /** Without it a power cut may bring back what was replaced or removed. */
  async function syncFolder(): Promise<void> {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  return {
    path,
    async read() {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async write(text) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const fresh = `${path}.new`;
      const handle = await open(fresh, 'w', 0o600);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(fresh, path);
      await syncFolder();
    },
    async remove() {
      await rm(path, { force: true });
      await syncFolder();
    },
  };
}
