import { sdkBatch } from '../adapters/route53-sets.ts';
import type { Reading } from '../jobs/command.ts';
import type { Plan } from '../jobs/plan.ts';
import { setInWords } from '../jobs/records.ts';
import type { Switch } from '../jobs/switch.ts';
import type { RecordChange, RecordSet } from '../ports.ts';
import { paint, plain } from './terminal.ts';

/** What is there, and what would have to be sent so that the switch is at `to`. */
export interface Proposal {
  readonly target: Switch;
  readonly to: string;
  /** The zone's name, or null when Route 53 would not tell. */
  readonly zone: string | null;
  readonly found: Reading;
  /** The owned sets as they are. */
  readonly before: readonly RecordSet[];
  readonly planned: Plan;
}

type Batch = ReturnType<typeof sdkBatch>;

/** For programs: everything, with the batches in the form that the API and the aws command take. */
export function asJson(proposal: Proposal, endpoint: string | undefined): Readonly<Record<string, unknown>> {
  const { target, to, found, before, planned } = proposal;
  const change = planned.kind === 'change' ? planned : undefined;
  const batch = change && batchOf(change.changes, `dashover plan: ${target.name} to ${to}`);
  const back = change && batchOf(inverse(change.changes), `dashover plan: ${target.name} back from ${to}`);
  return {
    switch: target.name,
    zone: target.zone,
    found,
    to,
    before,
    after: change?.after ?? before,
    changeBatch: batch ?? null,
    command: batch ? awsCommand(target.zone, batch, endpoint) : null,
    wayBack: back ? { changeBatch: back, command: awsCommand(target.zone, back, endpoint) } : null,
  };
}

/** For people: before, after, the batch, the command, the way back. */
export function asText(proposal: Proposal, endpoint: string | undefined): string {
  const { target, to, zone, found, before, planned } = proposal;
  const place = zone === null ? target.zone : `${zone} (${target.zone})`;
  const head = `${target.name} in zone ${place} is ${foundInWords(found)}`;
  if (planned.kind === 'nothing') return plain(`${head}; there is nothing to change.`);
  const lines = [plain(`${head}; wanted: ${to}.`), '', ...section('Before', before)];
  if (planned.kind === 'refused') return lines.slice(0, -1).join('\n');
  const { changes, after } = planned;
  const batch = batchOf(changes, `dashover plan: ${target.name} to ${to}`);
  const back = batchOf(inverse(changes), `dashover plan: ${target.name} back from ${to}`);
  const drifted =
    found.kind === 'drifted' ? ['These records are in no position: keep the way back, it is the only copy.'] : [];
  return [
    ...lines,
    ...section('After', after),
    paint('bold', 'Change batch'),
    // JSON has no control characters, and must stay as it is.
    JSON.stringify(batch, null, 2),
    '',
    paint('bold', 'To send it without dashover'),
    awsCommand(target.zone, batch, endpoint),
    '',
    paint('bold', 'The way back'),
    ...drifted,
    awsCommand(target.zone, back, endpoint),
  ].join('\n');
}

function foundInWords(found: Reading): string {
  switch (found.kind) {
    case 'position':
      return `at ${found.position}`;
    case 'drifted':
      return `at no position (${found.differences.join('; ')})`;
    case 'unknown':
      return `at a position not known (${found.why})`;
  }
}

function section(title: string, sets: readonly RecordSet[]): string[] {
  const lines = sets.map((set) => `  ${plain(setInWords(set))}`);
  return [paint('bold', title), ...(lines.length === 0 ? ['  no records'] : lines), ''];
}

/** What was deleted is created, what was created is deleted, last first. */
function inverse(changes: readonly RecordChange[]): readonly RecordChange[] {
  return changes.toReversed().map(({ action, set }) => ({ action: action === 'DELETE' ? 'CREATE' : 'DELETE', set }));
}

function batchOf(changes: readonly RecordChange[], comment: string): Batch {
  return sdkBatch({ comment, changes });
}

/** One line for a POSIX shell. */
function awsCommand(zone: string, batch: Batch, endpoint: string | undefined): string {
  const local = endpoint === undefined ? '' : ` --endpoint-url ${quoted(endpoint)}`;
  const json = quoted(JSON.stringify(batch));
  return `aws route53 change-resource-record-sets${local} --hosted-zone-id ${zone} --change-batch ${json}`;
}

/** Inside single quotes a shell reads nothing but the closing one. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
