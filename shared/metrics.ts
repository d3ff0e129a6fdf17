/** One metric as Prometheus knows it. Names, units and labels are an interface: they are added to, and never changed. */
interface MetricKind {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
}

/** Every metric of the endpoint. A test holds this table against the README, and against what the endpoint answers. */
export const METRICS = {
  dashover_build_info: { kind: 'gauge', labels: ['version'], help: '1; which version of dashover runs.' },
  dashover_ready: {
    kind: 'gauge',
    labels: ['check'],
    help: '1 while that part works (store, route53, mqtt), as in /readyz, else 0.',
  },
  dashover_mqtt_speaker: {
    kind: 'gauge',
    labels: [],
    help: '1 while this endpoint speaks MQTT, 0 while another one does; absent without mqtt in the configuration.',
  },

  dashover_switch_position: {
    kind: 'gauge',
    labels: ['switch', 'position'],
    help: '1 for where the switch is, 0 for the others: each position, and moving, drifted, unknown.',
  },
  dashover_switch_position_age_seconds: {
    kind: 'gauge',
    labels: ['switch'],
    help: 'How long the switch has been there.',
  },
  dashover_switch_automation: {
    kind: 'gauge',
    labels: ['switch', 'automation'],
    help: '1 for what automation may do, 0 for the others: on, observe, off, held, tripped.',
  },
  dashover_hold_age_seconds: {
    kind: 'gauge',
    labels: ['switch'],
    help: 'How long a human has held the switch; 0 while nobody does.',
  },
  dashover_open_alerts: {
    kind: 'gauge',
    labels: ['switch', 'acknowledged'],
    help: 'Alerts that are open: acknowledged by a restore by hand (true), or not (false).',
  },
  dashover_incident_open: {
    kind: 'gauge',
    labels: ['switch'],
    help: '1 from the acceptance of a failover to the end of the restore, else 0.',
  },
  dashover_job_running_seconds: {
    kind: 'gauge',
    labels: ['switch'],
    help: 'How long the job that moves the switch has been running; 0 while none is.',
  },
  dashover_last_drill_age_seconds: {
    kind: 'gauge',
    labels: ['switch'],
    help: 'Since the last drill that succeeded; +Inf when no job that is kept was one.',
  },

  dashover_device_online: {
    kind: 'gauge',
    labels: ['device'],
    help: '1 while the button says that it is there, else 0; only from the endpoint that hears it, connected to the broker.',
  },
  dashover_device_last_drill_age_seconds: {
    kind: 'gauge',
    labels: ['device'],
    help: 'Since the last drill from this button that succeeded; +Inf when no job that is kept was one.',
  },
  dashover_device_drill_interval_seconds: {
    kind: 'gauge',
    labels: ['device'],
    help: 'How often a drill is wanted from this button: drillEvery; absent without it.',
  },

  dashover_accept_seconds: {
    kind: 'histogram',
    labels: ['trigger'],
    help: 'From a command at the door until it is decided and stored, by where it came from.',
  },
  dashover_refusals_total: {
    kind: 'counter',
    labels: ['code'],
    help: 'Refused requests, messages and jobs, by the code of the refusal.',
  },
  dashover_authentication_failures_total: {
    kind: 'counter',
    labels: ['code'],
    help: 'HTTP requests without a right secret: not-authenticated, unknown-trigger, slow-down.',
  },
  dashover_mqtt_errors_total: {
    kind: 'counter',
    labels: ['code'],
    help: 'MQTT messages refused before they became a job, those that were too many to be answered included.',
  },
  dashover_http_requests_total: {
    kind: 'counter',
    labels: ['method', 'route', 'status'],
    help: 'Answered HTTP requests, by the pattern of their route (none for an unknown path).',
  },

  dashover_jobs_total: {
    kind: 'counter',
    labels: ['switch', 'command', 'trigger', 'status', 'outcome'],
    help: 'Ended jobs, by what was asked, where it came from, and how it ended; outcome is none where there is none.',
  },
  dashover_job_failures_total: {
    kind: 'counter',
    labels: ['switch', 'command'],
    help: 'Jobs that ended as failed; a drill that failed has changed nothing, and was to change nothing.',
  },
  dashover_job_seconds: {
    kind: 'histogram',
    labels: ['command', 'status'],
    help: 'From the acceptance of a job to its end, waiting included.',
  },
  dashover_step_seconds: {
    kind: 'histogram',
    labels: ['step', 'status'],
    help: 'Steps of jobs from begin to end: guard, read, plan, change, settle, verify.',
  },

  dashover_outbox_age_seconds: {
    kind: 'gauge',
    labels: ['receiver'],
    help: 'How long something has been waiting for the receiver; 0 when it has all.',
  },
  dashover_deliveries_total: {
    kind: 'counter',
    labels: ['receiver', 'result'],
    help: 'Tries to deliver a message: delivered, later (it is tried again), never (refused for good and dropped), pointless (over before it could be sent).',
  },

  dashover_route53_calls_total: {
    kind: 'counter',
    labels: ['operation', 'result'],
    help: 'Calls to Route 53 by result: ok, throttled, unreachable, refused, denied, missing, given-up.',
  },
  dashover_route53_call_seconds: {
    kind: 'histogram',
    labels: ['operation'],
    help: 'Calls to Route 53 that were answered: zone, read, change, status.',
  },
  dashover_store_seconds: {
    kind: 'histogram',
    labels: ['operation'],
    help: 'Operations of the store, commit included: decide, step, write, read.',
  },
  dashover_store_errors_total: {
    kind: 'counter',
    labels: ['operation'],
    help: 'Operations that the store could not do.',
  },
} as const satisfies Record<string, MetricKind>;

/** The names of the metrics of a kind. */
export type MetricName<Kind extends MetricKind['kind']> = {
  [Name in keyof typeof METRICS]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never;
}[keyof typeof METRICS];
