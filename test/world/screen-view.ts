import type { Lamp } from '../../device/core/lamp-signal.ts';
import { patternOf } from '../../device/core/lamp-pattern.ts';
import type { Job, State, Step } from '../../shared/messages.ts';
import type { Visit } from './visitor.ts';
import type { WorldFile } from './world-file.ts';

/** Everything that the live screen shows. */
export interface View {
  readonly world: WorldFile;
  readonly sites: { readonly primary: string; readonly maintenance: string };
  readonly visit: Visit | null;
  readonly state: State | null;
  readonly job: Job | null;
  readonly lamp: Lamp;
  readonly lampLit: boolean;
  readonly endpoint: string;
  readonly network: string;
  readonly weather: string;
  /** The last events, newest last. */
  readonly lines: readonly string[];
  readonly nowMs: number;
}

const KEYS = [
  'h hold: fail over  r click-hold: restore  d triple: drill  ? commands  q quit',
  'k kill endpoint  n cut button’s network  t throttle Route 53  l lose its reply',
] as const;

const MARKS: Readonly<Record<Step['status'], string>> = {
  running: '▸',
  succeeded: '✓',
  failed: '✗',
  refused: '✗',
  skipped: '·',
};
const ROWS_MIN = 20;
const COLUMNS_MIN = 40;
/** How much of the job is shown: what the sites, DNS, the switch and the lamp say is never given up for it. */
const JOB_SIZES = ['whole', 'one line a step', 'newest step'] as const;

/** The screen as lines, each no wider than `columns`, at most `rows` of them (but 20): more would scroll its top away. Pure. */
export function drawScreen(view: View, columns: number, rows: number): string[] {
  const width = Math.max(COLUMNS_MIN, columns);
  const height = Math.max(ROWS_MIN, rows);
  const bottom = ['', ...KEYS.flatMap((keys) => wrap(keys, width, 2))];
  const tops = JOB_SIZES.map((size) => topLines(view, width, size));
  const top = tops.find((lines) => lines.length + 1 + bottom.length <= height) ?? tops.at(-1) ?? [];
  const room = Math.max(0, height - top.length - bottom.length);
  const events = view.lines.flatMap((line) => wrap(line, width, 10));
  const newest = events.slice(Math.max(0, events.length - room));
  return [...top, ...newest, ...Array.from({ length: room - newest.length }, () => ''), ...bottom]
    .slice(0, height)
    .map((line) => clip(line, width));
}

function topLines(view: View, width: number, size: (typeof JOB_SIZES)[number]): string[] {
  return [
    ...header(view, width),
    '',
    ...labelled('switch', switchText(view), width),
    '',
    ...jobLines(view, width, size),
    '',
    ...labelled('lamp', lampText(view), width),
    '',
  ];
}

function header({ world, sites, visit, endpoint, network, weather }: View, width: number): string[] {
  const dig = visit
    ? `${visit.dns}  (${visit.site} site${visit.status === null ? '' : `, HTTP ${visit.status}`})`
    : '…';
  return [
    `dashboard  ${world.http}/   token: ${world.tokens.ops}`,
    '─'.repeat(width),
    `endpoint   ${endpoint}`,
    `sites      primary ${sites.primary}   maintenance ${sites.maintenance}`,
    `dig        ${world.name} → ${dig}`,
    ...(weather === '' ? [] : [`Route 53   ${weather}`]),
    ...(network === '' ? [] : [`network    ${network}`]),
  ];
}

function switchText({ state, world }: View): string {
  return state ? state.text : `${world.switch}: the endpoint has not told its state yet`;
}

function jobLines({ job }: View, width: number, size: (typeof JOB_SIZES)[number]): string[] {
  if (!job) return ['job        none yet'];
  const steps = job.steps.map(({ status, name, text }) => `           ${MARKS[status]} ${name.padEnd(8)} ${text}`);
  switch (size) {
    case 'whole':
      return [...labelled('job', job.text, width), ...steps.flatMap((step) => wrap(step, width, 22))];
    case 'one line a step':
      return [`job        ${job.text}`, ...steps];
    case 'newest step':
      return [`job        ${job.text}`, ...steps.slice(-1)];
  }
}

function lampText({ lamp, lampLit }: View): string {
  return `${lampLit ? '●' : '○'} ${patternOf(lamp).word}  ${lamp.text}`;
}

function labelled(label: string, text: string, width: number): string[] {
  return wrap(`${label.padEnd(11)}${text}`, width, 11);
}

/** Breaks at spaces; what follows the first line is indented. */
function wrap(text: string, width: number, indent: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const at = rest.lastIndexOf(' ', width);
    const end = at > indent ? at : width;
    lines.push(rest.slice(0, end));
    rest = `${' '.repeat(indent)}${rest.slice(end).trimStart()}`;
  }
  return [...lines, rest];
}

function clip(line: string, width: number): string {
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
