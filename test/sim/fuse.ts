/**
 * Lets a process die or freeze at one exact place: the n-th call that it makes to its database or to Route 53, just
 * before the call leaves, or just after it was carried out and before its answer is heard.
 */
export interface Fuse {
  set(calls: number, when: 'before' | 'after', blow: () => void): void;
  /** One call; says whether this is the place. */
  burn(): 'before' | 'after' | undefined;
  blow(): void;
}

export function makeFuse(): Fuse {
  let lit: { left: number; readonly when: 'before' | 'after'; readonly blow: () => void } | undefined;
  return {
    set(calls, when, blow) {
      lit = { left: calls, when, blow };
    },
    burn() {
      if (!lit) return undefined;
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
