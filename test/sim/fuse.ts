/**
 * Lets a process die or freeze at one exact place: the n-th call that it makes to its database or to Route 53, just
 * before the call leaves, or just after it was carried out and before its answer is heard.
 */
export interface Fuse {
  /** `only` counts calls of that name alone. */
  set(calls: number, when: 'before' | 'after', blow: () => void, only?: string): void;
  /** One call, by the name of the store's method or `route53`; says whether this is the place. */
  burn(call: string): 'before' | 'after' | undefined;
  blow(): void;
}

export function makeFuse(): Fuse {
  let lit:
    | { left: number; readonly when: 'before' | 'after'; readonly blow: () => void; readonly only: string | undefined }
    | undefined;
  return {
    set(calls, when, blow, only) {
      lit = { left: calls, when, blow, only };
    },
    burn(call) {
      if (!lit || (lit.only ?? call) !== call) return undefined;
      lit.left--;
      return lit.left === 0 ? lit.when : undefined;
    },
    blow() {
      const { blow } = lit ?? {};
      lit = undefined;
      blow?.();
    },
  };
}
