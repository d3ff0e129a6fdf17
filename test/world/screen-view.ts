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

export const KEYS = [
  'h hold: failover   r click-hold: restore   d triple: drill   ? commands to try   q quit',
  'worst day:  k kill the endpoint   n cut the button’s network   t Route 53 throttles   l it loses a reply',
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

/** The screen as lines, each no wider than `columns`, at most `rows` of them. Pure. */
export function drawScreen(view: View, columns: number, rows: number): string[] {
  const width = Math.max(COLUMNS_MIN, columns);
  const height = Math.max(ROWS_MIN, rows);
  const top = [
    ...header(view, width),
    '',
    ...switchLines(view, width),
    '',
    ...jobLines(view, width),
    '',
    lampLine(view),
    '',
  ];
  const bottom = ['', ...KEYS.flatMap((keys) => wrap(keys, width, 2))];
  const room = Math.max(1, height - top.length - bottom.length - 1);
  const events = view.lines.flatMap((line) => wrap(line, width, 10)).slice(-room);
  return [...top, ...events, ...Array.from({ length: room - events.length }, () => ''), ...bottom].map((line) =>
    clip(line, width),
  );
}

function header({ world, sites, visit, endpoint, network, weather }: View, width: number): string[] {
  const dig = visit
    ? `${visit.dns}  (${visit.site} site${visit.status === null ? '' : `, HTTP ${visit.status}`})`
    : '…';
  return [
    `dashover local world   ${world.http}/`,
    '─'.repeat(width),
    `endpoint   ${endpoint}`,
    `sites      primary ${sites.primary}   maintenance ${sites.maintenance}`,
    `dig        ${world.name} → ${dig}`,
    ...(weather === '' ? [] : [`Route 53   ${weather}`]),
    ...(network === '' ? [] : [`network    ${network}`]),
  ];
}

function switchLines({ state, world }: View, width: number): string[] {
  return labelled('switch', state ? state.text : `${world.switch}: the endpoint has not told its state yet`, width);
}

function jobLines({ job }: View, width: number): string[] {
  if (!job) return ['job        none yet'];
  const steps = job.steps.flatMap((step) =>
    wrap(`           ${MARKS[step.status]} ${step.name.padEnd(8)} ${step.text}`, width, 22),
  );
  return [...labelled('job', job.text, width), ...steps];
}

function lampLine({ lamp, lampLit }: View): string {
  return `lamp       ${lampLit ? '●' : '○'} ${patternOf(lamp).word}  ${lamp.text}`;
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
