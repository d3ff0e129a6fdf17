import { isLoopback } from './addresses.ts';
import { pathInWords, type Path, type Report } from './problems.ts';
import type { Say } from './records.ts';
import { Device, File, Token, Trigger } from './schema.ts';
import { choice, type Known } from './switches.ts';
import { entriesOf, itemsOf, salvage, valueAt } from './walk.ts';

/** Checks who may do what: tokens, triggers and devices, and that nobody may do it without one of them. */
export function checkAccess(file: unknown, known: Known, say: Say, report: Report): void {
  const secrets: [Path, string][] = [];
  const tokens = itemsOf(valueAt(file, ['tokens'])).map((raw) => salvage(Token, raw));
  tokens.forEach((token, index) => {
    const path = ['tokens', index];
    checkOn(token.on, [...path, 'on'], known, say, report);
    if (token.secret !== undefined) secrets.push([[...path, 'secret'], token.secret]);
  });
  unique(
    tokens.map((token, index) => [['tokens', index, 'name'], token.name]),
    'name',
    report,
  );

  const triggers = itemsOf(valueAt(file, ['triggers'])).map((raw) => salvage(Trigger, raw));
  triggers.forEach((trigger, index) => {
    const path = ['triggers', index];
    checkTrigger(trigger, path, known, say, report);
    if (trigger.secret !== undefined) secrets.push([[...path, 'secret'], trigger.secret]);
  });
  unique(
    triggers.map((trigger, index) => [['triggers', index, 'id'], trigger.id]),
    'id',
    report,
  );

  for (const [name, raw] of entriesOf(valueAt(file, ['devices']))) {
    const device = salvage(Device, raw);
    checkOn(device.on, ['devices', name, 'on'], known, say, report);
    if (device.token !== undefined) secrets.push([['devices', name, 'token'], device.token]);
  }
  unique(secrets, 'secret', report);
  checkListen(file, report);
}

function checkOn(on: readonly string[] | undefined, path: Path, known: Known, say: Say, report: Report): void {
  on?.forEach((name, index) => {
    const at = [...path, index];
    if (name !== '*' && !known.has(name)) report(at, `${say(at)} names no switch; ${choice(name, [...known.keys()])}`);
  });
}

function unique(values: readonly (readonly [Path, string | undefined])[], what: string, report: Report): void {
  const first = new Map<string, Path>();
  for (const [path, value] of values) {
    if (value === undefined) continue;
    const before = first.get(value);
    // The value itself is not repeated: of a secret, its place says enough.
    if (before) report(path, `is the same as ${pathInWords(before)}; give each its own ${what}.`);
    else first.set(value, path);
  }
}

function checkTrigger(
  trigger: ReturnType<typeof salvage<typeof Trigger>>,
  path: Path,
  known: Known,
  say: Say,
  report: Report,
): void {
  if (trigger.switch === undefined) return;
  const at = [...path, 'switch'];
  const positions = known.get(trigger.switch);
  if (!positions) {
    report(at, `${say(at)} names no switch; ${choice(trigger.switch, [...known.keys()])}`);
    return;
  }
  const { to, command } = trigger;
  if (to === undefined || command === undefined) return;
  const target = [...path, 'to'];
  const others = positions.filter((position) => position !== 'primary');
  if (command === 'failover' && !others.includes(to)) {
    const text =
      to === 'primary'
        ? 'is primary, which is where restore goes'
        : `${say(target)} names no position of ${trigger.switch}`;
    report(target, `${text}; ${choice(to, others)}`);
  } else if (command === 'restore' && to !== 'primary' && to !== 'before') {
    report(target, `${say(target)} does not fit restore; write primary or before, or leave it out.`);
  } else if (command === 'restore' && to === 'before' && trigger.automatic) {
    report(target, 'is before, which only a human may choose; write primary, or remove automatic: true.');
  } else if (command === 'drill' && !positions.includes(to)) {
    report(target, `${say(target)} names no position of ${trigger.switch}; ${choice(to, positions)}`);
  }
}

function checkListen(file: unknown, report: Report): void {
  const listen = salvage(File.shape.http.unwrap(), valueAt(file, ['http'])).listen;
  if (!listen || isLoopback(listen.host) || itemsOf(valueAt(file, ['tokens'])).length > 0) return;
  report(
    ['http', 'listen'],
    'can be reached from other machines, and there are no tokens; write tokens, or listen on 127.0.0.1.',
  );
}
