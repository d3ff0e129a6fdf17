/**
 * Which commands a switch's card offers, from where to where. Pure.
 * @import { Job, State } from '../../../shared/messages.ts'
 * @import { Access, SwitchAccess } from './model.js'
 */

/**
 * `body` is sent as it stands; `note` names what a person must know before doing it.
 * @typedef {{ key: string, command: 'failover' | 'restore' | 'drill', from: string, to: string,
 *   note: 'overwrites' | 'before' | 'unanswered' | null,
 *   body: { to?: string, override?: string[], ifRevision?: number } }} Offer
 */

/**
 * @param {State} state @param {SwitchAccess} settings @param {Access} access
 * @param {{ refused: Job | undefined, last: Job | undefined }} jobs
 * @returns {Offer[]}
 */
export function offersOf(state, settings, { may }, { refused, last }) {
  const here = state.position === 'moving' ? (state.to ?? 'unknown') : state.position;
  const others = settings.positions.filter((position) => position !== 'primary');
  const destinations = [settings.failoverTo, ...others.filter((position) => position !== settings.failoverTo)];
  const offers = [
    ...destinations.filter((to) => to !== here).map((to) => failover(here, to)),
    ...(here === 'primary' ? [] : restores(state, here, refused, last)),
    drill(here, here === settings.failoverTo ? 'primary' : settings.failoverTo),
  ];
  return offers.filter(({ command }) => may.includes(command));
}

/** @param {string} from @param {string} to @returns {Offer} */
function failover(from, to) {
  return { key: `failover-${to}`, command: 'failover', from, to, note: null, body: { to } };
}

/** @param {string} from @param {string} to @returns {Offer} */
function drill(from, to) {
  return { key: 'drill', command: 'drill', from, to, note: null, body: { to } };
}

/**
 * A restore is asked for without a position, so that the endpoint can say that the records are not what they should be;
 * where it has said so, a person names the position. It is meant for the state as it is seen, hence the revision.
 * @param {State} state @param {string} from @param {Job | undefined} refused @param {Job | undefined} last
 * @returns {Offer[]}
 */
function restores(state, from, refused, last) {
  const { revision: ifRevision } = state;
  const no = refused?.command === 'restore' && refused.revision === ifRevision ? refused.error?.code : undefined;
  const isDrift = state.position === 'drifted' || no === 'drift';
  const to = 'primary';
  /** @type {Offer} */
  const plain = isDrift
    ? { key: 'restore', command: 'restore', from, to, note: 'overwrites', body: { to, ifRevision } }
    : { key: 'restore', command: 'restore', from, to, note: null, body: { ifRevision } };
  /** @type {Offer[]} */
  const offers = [plain];
  if (no === 'probe-failed') {
    const body = { ...plain.body, override: ['probe-failed'] };
    offers.push({ key: 'restore-unanswered', command: 'restore', from, to, note: 'unanswered', body });
  }
  if (isDrift && foundRecords(last)) {
    const body = { to: 'before', ifRevision };
    offers.push({ key: 'restore-before', command: 'restore', from, to: 'before', note: 'before', body });
  }
  return offers;
}

/** Whether the failover kept records that it found at no position: only then is there a "before". @param {Job | undefined} job */
function foundRecords(job) {
  const detail = job?.command === 'failover' ? job.steps.find(({ name }) => name === 'plan')?.detail : null;
  return typeof detail === 'object' && detail !== null && 'found' in detail && detail['found'] !== null;
}
