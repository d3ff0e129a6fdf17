import { lightAt, patternOf } from '../../device/core/lamp-pattern.ts';
import type { Lamp } from '../../device/core/lamp-signal.ts';
import type { Gesture } from '../../device/core/gesture.ts';
import { type WorldEvent, watchWorld } from './events.ts';
import { lineOf } from './plain-lines.ts';
import { drawScreen, type View } from './screen-view.ts';
import { startVirtualButton, type VirtualButton } from './virtual-button.ts';
import { type Visit, visit } from './visitor.ts';
import { welcome } from './welcome.ts';
import type { World } from './world.ts';

const LINES_KEPT_MAX = 200;
const DRAW_MS = 100;
const VISIT_MS = 1_000;
const THROTTLE_MS = 10_000;
const RESTART_MS = 3_000;

/** The alternate screen without a cursor, and back. */
const ENTER = '\u001B[?1049h\u001B[?25l';
const LEAVE = '\u001B[?25h\u001B[?1049l';

const GESTURES: Readonly<Record<string, Gesture>> = { h: 'hold', r: 'click-hold', d: 'triple', c: 'click' };

/** The live screen of `npm start` on a terminal: resolves when the person quits or `stop` aborts. */
export async function runScreen(world: World, stop: AbortSignal): Promise<void> {
  const over = new AbortController();
  stop.addEventListener('abort', () => over.abort(), { once: true });
  const { stdin, stdout } = process;
  const shown = startView(world);
  let lampSinceMs = Date.now();
  let lampWord = '';
  let isHelp = false;
  await using button = await startVirtualButton(world, {
    onLamp: (lamp) => {
      const { word } = patternOf(lamp);
      if (word === lampWord) return;
      lampWord = word;
      lampSinceMs = Date.now();
      shown.say(`lamp      ${word}`);
    },
    onSay: (text) => shown.say(`button    ${text}`),
  });
  // The commands are shown on the ordinary screen, where they can be copied and stay when all has ended.
  const toggleHelp = (): void => {
    isHelp = !isHelp;
    const help = `${LEAVE}${welcome(world.file, world.folder, world.moved)}\nPress ? to go back; scroll up for all of it.\n`;
    stdout.write(isHelp ? help : ENTER);
  };
  const offWorld = watchWorld(world, (event) => shown.happen(event));
  const keys = (chunk: string): void => {
    for (const key of chunk) {
      if (key === '?') toggleHelp();
      else pressKey(key, { world, button, say: shown.say, quit: () => over.abort() });
    }
  };

  stdout.write(ENTER);
  stdin.setRawMode(true).setEncoding('utf8').on('data', keys);
  try {
    let visitedMs = 0;
    while (!over.signal.aborted) {
      if (Date.now() - visitedMs >= VISIT_MS) {
        visitedMs = Date.now();
        void visit(world.file).then(shown.saw);
      }
      const view = shown.view(button.lamp, isLit(button.lamp, Date.now() - lampSinceMs), button.cable.isCut);
      const lines = drawScreen(view, stdout.columns, stdout.rows);
      if (!isHelp) stdout.write(`\u001B[H${lines.map((line) => `${line}\u001B[K`).join('\r\n')}\u001B[J`);
      await new Promise((resolve) => setTimeout(resolve, DRAW_MS));
    }
  } finally {
    offWorld();
    stdin.off('data', keys).setRawMode(false).pause();
    if (!isHelp) stdout.write(LEAVE);
  }
}

function isLit(lamp: Lamp, sinceMs: number): boolean {
  return lightAt(patternOf(lamp), sinceMs).colours.length > 0;
}

/** What the screen knows: only what was said on the broker, seen in DNS or done by a key. */
function startView(world: World) {
  const lines: string[] = [];
  let state: View['state'] = null;
  let job: View['job'] = null;
  let seen: Visit | null = null;
  let endpoint = 'online';
  const say = (text: string): void => add(`${new Date().toISOString().slice(11, 19)}  ${text}`);
  const add = (line: string): void => {
    lines.push(line);
    if (lines.length > LINES_KEPT_MAX) lines.shift();
  };
  return {
    say,
    saw: (next: Visit): void => {
      seen = next;
    },
    happen(event: WorldEvent): void {
      const line = lineOf(event, Date.now());
      if (line !== null && isNews(event)) add(line);
      if (event.kind === 'state') state = event.state;
      if (event.kind === 'job') job = event.job;
      if (event.kind === 'presence' && event.who.startsWith('endpoint')) endpoint = event.online ? 'online' : 'offline';
    },
    view: (lamp: Lamp, lampLit: boolean, isCut: boolean): View => ({
      world: world.file,
      sites: { primary: siteText(world.sites.primary.isDown), maintenance: siteText(world.sites.maintenance.isDown) },
      visit: seen,
      state,
      job,
      lamp,
      lampLit,
      endpoint: world.endpoint.pid() === null ? 'killed' : endpoint,
      network: isCut ? 'the button’s cable is cut; n mends it' : '',
      weather: world.route53.forecast().join(', '),
      lines,
      nowMs: Date.now(),
    }),
  };
}

/** Steps, states and DNS have their own places on the screen. */
function isNews(event: WorldEvent): boolean {
  return event.kind !== 'state' && event.kind !== 'dns' && !(event.kind === 'job' && event.type === 'step');
}

function siteText(isDown: boolean): string {
  return isDown ? 'down' : 'up';
}

interface Hands {
  readonly world: World;
  readonly button: VirtualButton;
  readonly say: (text: string) => void;
  readonly quit: () => void;
}

function pressKey(key: string, { world, button, say, quit }: Hands): void {
  const gesture = GESTURES[key];
  if (gesture) {
    say(`key       ${gesture}`);
    button.press(gesture);
    return;
  }
  switch (key) {
    case 'k':
      say(`key       the endpoint is killed (kill -9); it starts again in ${RESTART_MS / 1_000} s`);
      void world.endpoint.kill().then(() => setTimeout(() => world.endpoint.start(), RESTART_MS).unref());
      return;
    case 'n':
      if (button.cable.isCut) button.cable.mend();
      else button.cable.cut();
      say(`key       the button’s network is ${button.cable.isCut ? 'cut; n mends it' : 'mended'}`);
      return;
    case 't':
      world.route53.weather({ kind: 'throttling', forMs: THROTTLE_MS });
      say(`key       Route 53 throttles every call for ${THROTTLE_MS / 1_000} s`);
      return;
    case 'l':
      world.route53.weather({ kind: 'lost-reply', operation: 'ChangeResourceRecordSets', times: 1 });
      say('key       Route 53 will carry out the next change and lose its reply');
      return;
    case 'q':
    case '\u0003':
    case '\u0004':
      quit();
      return;
    default:
  }
}
