import { normalName } from '../../../shared/dns-name.ts';
import type { DnsAnswer, RecordSet } from '../../ports.ts';
import { normalValue } from '../record-values.ts';
import type { Triple } from '../records.ts';

/** One question to a name server, and what a right answer to it is. */
export interface Question {
  readonly name: string;
  readonly type: string;
  readonly expect: Expectation;
}

type Expectation =
  /** Exactly these values: a simple record set. */
  | { readonly kind: 'exactly'; readonly values: readonly string[] }
  /** Nothing but these: routed sets, of which a server chooses. */
  | { readonly kind: 'among'; readonly values: readonly string[] }
  /** Any answer: what an alias resolves to cannot be foretold. */
  | { readonly kind: 'some' }
  /** No record of this type at this name. */
  | { readonly kind: 'none' };

/** Types whose values a name server's answer spells as Route 53 does. Of the others, that there is an answer is checked. */
const COMPARED: readonly string[] = ['A', 'AAAA', 'CNAME', 'NS', 'PTR', 'MX', 'SRV', 'TXT', 'CAA'];

/** No record set is likely to have this label, so a question for it is answered by the wildcard. */
const WILDCARD_LABEL = 'dashover-verify';

/**
 * What to ask so that the answers show these owned sets, and no other of the owned ones. Pure. Of a delegated name only
 * its DS can be asked: all else is answered with a referral, without authority.
 */
export function questionsFor(
  wanted: readonly RecordSet[],
  owned: readonly Triple[],
  strangers: readonly RecordSet[],
): readonly Question[] {
  const delegated = new Set([...wanted, ...strangers].filter(({ type }) => type === 'NS').map(({ name }) => name));
  return allQuestions(wanted, owned, strangers).filter(
    ({ name, type }) => type === 'DS' || (type !== 'NS' && !delegated.has(name)) || isApex(name, strangers),
  );
}

/** The SOA is there for everybody to see, when the name was read with all its types. */
function isApex(name: string, strangers: readonly RecordSet[]): boolean {
  return strangers.some((set) => set.name === name && set.type === 'SOA');
}

function allQuestions(
  wanted: readonly RecordSet[],
  owned: readonly Triple[],
  strangers: readonly RecordSet[],
): readonly Question[] {
  const groups = Map.groupBy(wanted, ({ name, type }) => `${normalName(name)} ${type}`);
  const questions = [...groups.values()].flatMap((sets): Question[] => {
    const [first] = sets;
    if (!first) return [];
    const name = normalName(first.name);
    const shared = strangers.some((set) => set.name === name && set.type === first.type);
    return [{ name, type: first.type, expect: shared ? { kind: 'some' } : expectation(sets) }];
  });
  const asked = new Set(questions.map(({ name }) => name));
  // Where a CNAME is wanted, its answer covers every type; elsewhere what other positions have must be gone.
  const gone = owned.filter(({ name, type }) => {
    const cname = questions.some((question) => question.name === name && question.type === 'CNAME');
    const used = [...questions, ...strangers].some((other) => other.name === name && other.type === type);
    // A CNAME left over shows in the answer to any other question about the name.
    return !cname && !used && !(type === 'CNAME' && asked.has(name));
  });
  const none = new Map(
    gone.map(({ name, type }): [string, Question] => [`${name} ${type}`, { name, type, expect: { kind: 'none' } }]),
  );
  return [...questions, ...none.values()];
}

function expectation(sets: readonly RecordSet[]): Expectation {
  const type = sets[0]?.type ?? '';
  if (!COMPARED.includes(type) || sets.some(({ alias }) => alias !== undefined)) return { kind: 'some' };
  const values = sets.flatMap((set) => (set.values ?? []).map((value) => normalValue(type, value)));
  const simple = sets.every(({ setIdentifier }) => setIdentifier === undefined);
  return { kind: simple ? 'exactly' : 'among', values: [...new Set(values)] };
}

/** The name and type that go over the wire: any label for a wildcard; A in place of CNAME, as every client asks. */
export function wireQuestion({ name, type }: Question): { readonly name: string; readonly type: string } {
  return { name: name.replace(/^\*/, WILDCARD_LABEL), type: type === 'CNAME' ? 'A' : type };
}

/** Why an answer is not right, in words, or undefined when it is. Pure. */
export function wrongIn(question: Question, answer: DnsAnswer, zone: string): string | undefined {
  const asked = wireQuestion(question);
  const words = `${asked.name} ${asked.type}`;
  if (answer.rcode !== 'NOERROR' && answer.rcode !== 'NXDOMAIN') return `answers ${answer.rcode} for ${words}`;
  if (!answer.authoritative) return `answers for ${words} without authority`;
  const here = answer.records.filter(({ name }) => name === normalName(asked.name));
  const found = here.filter(({ type }) => type === question.type);
  const stray = here.filter(({ type }) => type === 'CNAME' && question.type !== 'CNAME');
  const values = found.map(({ value }) => normalValue(question.type, value));
  const shown = found.map(({ value }) => value).join(', ') || answer.rcode.replace('NOERROR', 'nothing');
  const { expect } = question;
  switch (expect.kind) {
    case 'none':
      return found.length === 0 ? undefined : `still answers ${shown} for ${words}`;
    case 'some':
      return found.length > 0 ? undefined : `answers ${shown} for ${words}`;
    case 'exactly':
    case 'among': {
      const other = values.filter((value) => !expect.values.includes(value));
      const missing = expect.kind === 'exactly' && expect.values.some((value) => !values.includes(value));
      if (stray.length > 0)
        return `still answers CNAME ${stray.map(({ value }) => value).join(', ')} for ${asked.name}`;
      if (other.length > 0 || missing || values.length === 0) {
        const instead = here.filter(({ type }) => type !== question.type).map(({ type, value }) => `${type} ${value}`);
        return `still answers ${instead.join(', ') || shown} for ${words}`;
      }
      return question.type === 'CNAME' ? brokenChain(values, answer, zone) : undefined;
    }
  }
}

/** Inside its zone a server follows our CNAME: a target that does not exist there is a dead end for everybody. */
function brokenChain([target]: readonly string[], answer: DnsAnswer, zone: string): string | undefined {
  const inside = target !== undefined && (target === zone || target.endsWith(`.${zone}`));
  return inside && answer.rcode === 'NXDOMAIN' ? `answers that ${target} does not exist` : undefined;
}
