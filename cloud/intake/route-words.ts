import { z } from 'zod';
import { Command, type CommandName } from '../../shared/command.ts';
import type { FaultCode } from '../../shared/faults.ts';
import {
  Access,
  Alive,
  Decided,
  Devices,
  ErrorAnswer,
  JobAnswer,
  Jobs,
  Journal,
  Ready,
  Recorded,
  StateAnswer,
  States,
} from './answers.ts';
import { described, describedWithBody } from './described.ts';

const TEXT = z.string();
/** A guard's refusal is a job; what was refused before there could be one is an error. */
const REFUSED = { schema: JobAnswer, or: ErrorAnswer };
const TO_SWITCH: readonly FaultCode[] = ['unknown-switch'];

const MOVED = {
  202: { text: 'Accepted: the job.', schema: JobAnswer },
  200: { text: 'Nothing had to be done: what was decided, and the state.', schema: Decided },
  409: { text: 'A guard refused: the job, with the reason in `error`.', ...REFUSED },
} as const;
const MOVED_IN_TIME = {
  ...MOVED,
  410: { text: 'Too old: the refused job.', ...REFUSED },
  412: { text: 'The switch has another revision than `ifRevision`: the refused job.', ...REFUSED },
} as const;
const DECIDED = { 200: { text: 'What was decided, and the state.', schema: Decided } } as const;
const RECORDED = {
  202: { text: 'Accepted: the job.', schema: JobAnswer },
  200: { text: 'Recorded, and rightly nothing was moved: `status` says why.', schema: Recorded },
} as const;

const MOVES: Readonly<Record<CommandName, string>> = {
  failover: 'Go to `failoverTo`, or to `to`',
  restore: 'Go back to `primary`, or to `before`',
  drill: 'Walk the whole road and change nothing',
};

/** What the description of the API says of each route. */
export const ROUTES = {
  switches: described({
    id: 'listSwitches',
    tag: 'switches',
    summary: 'The state of each switch that the token may see',
    answers: { 200: { text: 'The states.', schema: States } },
    errors: ['malformed'],
  }),
  switch: described({
    id: 'getSwitch',
    tag: 'switches',
    summary: 'The state of a switch',
    answers: { 200: { text: 'The state.', schema: StateAnswer } },
    errors: [...TO_SWITCH, 'malformed'],
  }),
  move: (command: CommandName) =>
    describedWithBody({
      id: command,
      tag: 'switches',
      summary: MOVES[command],
      description: 'The body may be left out. The same `id` from the same token is the same job.',
      answers: MOVED_IN_TIME,
      errors: [...TO_SWITCH, 'unknown-position'],
    }),
  hold: describedWithBody({
    id: 'hold',
    tag: 'switches',
    summary: 'Take ownership: automation does not move the switch',
    answers: DECIDED,
    errors: TO_SWITCH,
  }),
  release: describedWithBody({
    id: 'release',
    tag: 'switches',
    summary: 'Give ownership back, and re-arm automation that has tripped',
    description:
      'Answers with what follows from it. It never starts a restore. It has no duration: with `for` it is refused.',
    answers: DECIDED,
    errors: TO_SWITCH,
  }),
  clearAlert: describedWithBody({
    id: 'clearAlert',
    tag: 'switches',
    summary: 'Close an alert whose recovery will never come',
    answers: DECIDED,
    errors: TO_SWITCH,
  }),

  jobs: described({
    id: 'listJobs',
    tag: 'jobs',
    summary: 'Jobs, newest first',
    answers: { 200: { text: 'The jobs.', schema: Jobs } },
    errors: [...TO_SWITCH, 'malformed'],
  }),
  job: described({
    id: 'getJob',
    tag: 'jobs',
    summary: 'One job with its timeline',
    description: 'With `wait`, such as `30s`, it is answered when the job has ended, or after that time.',
    answers: { 200: { text: 'The job.', schema: JobAnswer } },
    errors: ['malformed', 'unknown-job'],
  }),
  cancel: described({
    id: 'cancelJob',
    tag: 'jobs',
    summary: 'Cancel a job whose change has not been sent',
    answers: DECIDED,
    errors: ['malformed', 'too-large', 'bad-media-type', 'unknown-job', 'too-late'],
  }),
  events: described({
    id: 'events',
    tag: 'jobs',
    summary: 'Every state and job message, live',
    description:
      'Server-sent events: first `state` of each switch, then `state` and `job` as they are stored. Each `data` is JSON in one line.',
    answers: { 200: { text: 'The stream.', schema: TEXT, type: 'text/event-stream' } },
    errors: ['malformed'],
  }),

  trigger: described({
    id: 'runTrigger',
    tag: 'triggers',
    summary: "Run the trigger's job",
    description: 'The secret is that of the trigger. Any body is ignored.',
    answers: MOVED,
    errors: ['unknown-trigger', 'unknown-switch', 'unknown-position', 'too-large'],
  }),
  datadog: (direction: 'failover' | 'restore' | null) =>
    describedWithBody({
      id: direction === null ? 'datadog' : `datadog-${direction}`,
      tag: 'datadog',
      summary:
        direction === null ? 'What a monitor says; its transition is the way' : `What a monitor says, to ${direction}`,
      description: 'JSON or a form. Only the opening of an alert moves a switch; a refusal is an answer, and no error.',
      answers: RECORDED,
      errors: TO_SWITCH,
      sends: z.record(z.string(), z.any()),
    }),

  deviceCommand: describedWithBody({
    id: 'deviceCommand',
    tag: 'devices',
    summary: "A button's command, over its second road",
    description: "With the device's own token; the same message as over MQTT.",
    answers: MOVED_IN_TIME,
    errors: [...TO_SWITCH, 'unknown-position'],
    sends: Command,
  }),
  devices: described({
    id: 'listDevices',
    tag: 'devices',
    summary: 'Who is there',
    answers: { 200: { text: 'The buttons of the switches that the token may see.', schema: Devices } },
    errors: ['malformed'],
  }),
  access: described({
    id: 'access',
    tag: 'switches',
    summary: 'What the bearer may do, and between which positions',
    answers: { 200: { text: 'What a page may offer.', schema: Access } },
    errors: ['malformed'],
  }),
  audit: described({
    id: 'readJournal',
    tag: 'journal',
    summary: 'The journal, hash-chained',
    description: 'Oldest first, or newest first with `before`. Takes a token for all switches.',
    answers: { 200: { text: 'Rows, and the anchor of the chain.', schema: Journal } },
    errors: ['malformed'],
  }),

  healthz: described({
    id: 'alive',
    tag: 'endpoint',
    summary: 'Alive',
    answers: { 200: { text: 'It is.', schema: Alive } },
    open: true,
  }),
  readyz: described({
    id: 'ready',
    tag: 'endpoint',
    summary: 'Ready, with a reason for each thing that is not',
    answers: {
      200: { text: 'All is well.', schema: Ready },
      503: { text: 'Something is not, or the endpoint is stopping.', schema: Ready, or: ErrorAnswer },
    },
    open: true,
  }),
  metrics: described({
    id: 'metrics',
    tag: 'endpoint',
    summary: 'Metrics for Prometheus',
    description: 'Takes a token for all switches; one that may do nothing is enough.',
    answers: { 200: { text: 'Text in version 0.0.4 of the format.', schema: TEXT, type: 'text/plain' } },
  }),
  openapi: described({
    id: 'describe',
    tag: 'endpoint',
    summary: 'This description',
    answers: { 200: { text: 'OpenAPI 3.1.', schema: z.record(z.string(), z.any()) } },
    open: true,
  }),
  docs: described({
    id: 'browse',
    tag: 'endpoint',
    summary: 'This description, to browse',
    answers: { 200: { text: 'A page.', schema: TEXT, type: 'text/html' } },
    open: true,
  }),
  page: described({
    id: 'page',
    tag: 'endpoint',
    summary: 'The dashboard',
    answers: { 200: { text: 'A page, which asks for a token.', schema: TEXT, type: 'text/html' } },
    open: true,
  }),
} as const;
