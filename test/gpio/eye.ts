import type { Colour, Pattern } from '../../device/core/lamp-pattern.ts';

interface Pulse {
  readonly colours: readonly Colour[];
  readonly onMs: number;
  readonly darkMs: number;
}

const COLOURS: readonly Colour[] = ['red', 'green', 'blue'];
/** An emulated machine is late now and then; no two patterns are this near to each other in the same colours. */
const NEAR_MS = 90;
const NEAR_PART = 0.2;

/** Watches three lines and tells which pattern they play. */
export interface Eye {
  /** The levels of red, green and blue from this moment on, such as 110. */
  see(atMs: number, levels: string): void;
  /** Forgets what was seen. */
  blink(): void;
  /** Whether a whole period of it has been seen, and the light after it. */
  plays(pattern: Pattern): boolean;
  /** What is lit now. */
  lit(): readonly Colour[];
  /** Everything that was lit, in order. */
  all(): readonly string[];
  /** For whoever wonders what was seen instead. */
  text(): string;
}

export function makeEye(): Eye {
  let looks: { readonly atMs: number; readonly levels: string }[] = [];

  function pulses(): readonly Pulse[] {
    const lit = looks.flatMap((look, at) => (look.levels.includes('1') ? [at] : []));
    return lit.flatMap((at) => {
      const [on, off, next] = looks.slice(at, at + 3);
      if (!on || !off) return [];
      const dark = !off.levels.includes('1');
      // The last darkness goes on.
      if (dark && !next) return [];
      const darkMs = dark && next ? next.atMs - off.atMs : 0;
      return [{ colours: coloursOf(on.levels), onMs: off.atMs - on.atMs, darkMs }];
    });
  }

  return {
    see: (atMs, levels) => void looks.push({ atMs, levels }),
    blink: () => void (looks = looks.slice(-1)),
    plays({ pulses: wanted }) {
      const seen = pulses();
      return seen.some(
        (_, from) =>
          from + wanted.length <= seen.length &&
          wanted.every((pulse, at) => {
            const one = seen[from + at];
            return one !== undefined && alike(one, pulse);
          }),
      );
    },
    lit: () => coloursOf(looks.at(-1)?.levels ?? ''),
    all: () => looks.map(({ levels }) => coloursOf(levels).join('+')).filter((colours) => colours !== ''),
    text: () =>
      pulses()
        .map(({ colours, onMs, darkMs }) => `${colours.join('+')} ${Math.round(onMs)}/${Math.round(darkMs)}`)
        .join(', '),
  };
}

const coloursOf = (levels: string): readonly Colour[] => COLOURS.filter((_, at) => levels[at] === '1');

const near = (one: number, other: number): boolean => Math.abs(one - other) <= Math.max(NEAR_MS, other * NEAR_PART);

function alike(seen: Pulse, wanted: Pulse): boolean {
  const sameColours = seen.colours.join() === wanted.colours.join();
  return sameColours && near(seen.onMs, wanted.onMs) && near(seen.darkMs, wanted.darkMs);
}
