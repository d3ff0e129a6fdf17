/** English: the form of every language, which the type of `ja.js` follows. Positions, names and reasons stay as they are. */

/** @param {number} n @param {string} noun */
const count = (n, noun) => `${n} ${noun}${n === 1 ? '' : 's'}`;

export const en = {
  lang: 'en',
  units: {
    /** @param {string} n */
    s: (n) => `${n} s`,
    /** @param {number} n */
    min: (n) => `${n} min`,
    /** @param {number} n */
    h: (n) => `${n} h`,
    /** @param {number} n */
    d: (n) => `${n} d`,
    underMinute: 'under a minute',
    gap: ' ',
  },
  skip: 'Skip to the switches',
  nav: { label: 'Pages', switches: 'Switches', history: 'History', devices: 'Buttons' },
  signOut: 'Sign out',
  signIn: {
    title: 'Sign in',
    token: 'Token',
    hint: 'One of the tokens of dashover.yaml. It is kept for this tab only, and never put into an address.',
    button: 'Show the switches',
  },
  link: {
    connecting: 'Connecting…',
    live: 'Live',
    lost: 'Not live',
    ended: 'The endpoint ended the connection.',
    unreachable: 'The endpoint cannot be reached.',
    /** @param {string} since @param {string} why */
    since: (since, why) =>
      `No connection since ${since}. ${why} What you see is from before then; nothing can be sent.`,
    trying: 'Trying again by itself.',
    now: 'Try now',
  },
  summary: {
    /** @param {number} n */
    well: (n) => (n === 1 ? 'The switch is at primary.' : `All ${n} switches are at primary.`),
    /** @param {string[]} names @param {number} of */
    away: (names, of) => `Not at primary: ${names.join(', ')} (${names.length} of ${of}).`,
    none: 'This token sees no switch.',
  },
  positions: {
    moving: 'Moving',
    drifted: 'Drifted',
    unknown: 'Not read yet',
    before: 'the records from before',
  },
  /** @param {string} from @param {string} to */
  fromTo: (from, to) => `${from} →\u00a0${to}`,
  waitingFor: 'The endpoint has not told this switch yet.',
  facts: {
    /** @param {string} at @param {string} lasted */
    since: (at, lasted) => `Since ${at} (${lasted})`,
    /** @param {string} actor @param {string} road */
    by: (actor, road) => `by ${actor}, ${road}`,
    nobody: 'not moved by dashover',
    /** @param {string} reason */
    reason: (reason) => `“${reason}”`,
    inWords: 'The endpoint’s words',
  },
  roads: {
    button: 'button',
    mqtt: 'MQTT',
    datadog: 'Datadog',
    http: 'HTTP trigger',
    api: 'API',
    dashboard: 'dashboard',
    cli: 'command line',
  },
  automation: {
    on: 'Automation may move it',
    held: 'Automation may not move it',
    observe: 'Automation only records what it would do',
    off: 'Automation is off',
    tripped: 'Automation has stopped itself',
  },
  hold: {
    /** @param {string} by */
    by: (by) => `Held by ${by}`,
    untilReleased: 'until released',
    /** @param {string} at @param {string} left */
    until: (at, left) => `until ${at} (${left} more)`,
    /** @param {string} at */
    since: (at) => `since ${at}`,
    button: 'Hold switch…',
    title: 'Hold the switch',
    explain: 'Automation may not move it until you release it, or the time is over. People still may.',
    confirm: 'Hold it',
    for: 'For how long',
    durations: { '': 'Until released', '30m': '30 minutes', '1h': '1 hour', '4h': '4 hours', '1d': '1 day' },
  },
  release: {
    button: 'Release switch…',
    title: 'Release the switch',
    explain:
      'Automation may move it again. An alert that is open may fail it over at once; nothing is restored by this.',
    confirm: 'Release it',
  },
  alerts: {
    /** @param {number} n */
    open: (n) => count(n, 'open alert'),
    acknowledged: 'acknowledged: it moves nothing until it has closed and opened anew',
    /** @param {string} at */
    since: (at) => `since ${at}`,
    clear: 'Clear…',
    title: 'Clear an alert',
    explain:
      'For an alert whose recovery will never come. When it was the last one, automation may restore the switch.',
    confirm: 'Clear it',
  },
  drift: {
    title: 'The live records equal no position',
    explain: 'Somebody else has changed them, or a position in dashover.yaml is not as the zone is.',
  },
  caches: {
    /** @param {string} left */
    left: (left) => `Caches may show the old answer for ${left}`,
    /** @param {string} at */
    until: (at) => `until ${at}`,
    /** @param {string} at */
    over: (at) => `Caches had let go by ${at}.`,
  },
  commands: { failover: 'Failover', restore: 'Restore', drill: 'Drill' },
  ask: {
    failover: 'Fail over',
    restore: 'Restore',
    drill: 'Drill',
    unanswered: 'Restore all the same',
    press: 'press and hold',
    let: { failover: 'Let go to fail over', restore: 'Let go to restore', drill: 'Let go to start the drill' },
    changesNothing: 'walks the whole road, changes nothing',
    overwrites: 'overwrites the records that are there now',
    before: 'the records as the failover found them',
    although: 'although primary does not answer its probe',
    how: 'Press one second, then let go. Slide away or press Escape to stop.',
    short: 'That was too short: nothing was sent. Press for a second, then let go.',
    stopped: 'Stopped: nothing was sent.',
    without: 'Without pressing long…',
    reason: 'Reason (optional, everybody sees it)',
    offline: 'Nothing can be sent while there is no connection.',
    nothing: 'This token may only look.',
    title: { failover: 'Fail over?', restore: 'Restore?', drill: 'Play a drill?' },
    confirm: { failover: 'Fail over', restore: 'Restore', drill: 'Start the drill' },
    explain: {
      failover: 'Visitors are sent to the other position. Nothing stops it but the records themselves.',
      restore: 'Visitors are sent back. It stops when primary does not answer its probe.',
      drill: 'The whole road is walked and nothing is changed.',
    },
    back: 'Back',
  },
  asked: {
    /** @param {string} what */
    sending: (what) => `${what}: sent, not answered yet.`,
    undelivered:
      'The endpoint did not answer within a minute. It was dropped, and will not happen later by itself. If the endpoint heard it, its state will say so.',
    unanswered: 'The endpoint did not answer. Look at the state before you send it again.',
    /** @param {string} what */
    refused: (what) => `${what}: not done`,
    /** @param {string} what */
    undeliveredTitle: (what) => `${what}: not delivered`,
    dismiss: 'Close',
  },
  job: {
    now: 'Now',
    /** @param {string} what @param {string} status */
    last: (what, status) => `Last job: ${what}, ${status}`,
    /** @param {string} what @param {string} at */
    refused: (what, at) => `Refused: ${what}, at ${at}`,
    /** @param {string} actor @param {string} road */
    askedBy: (actor, road) => `asked by ${actor}, ${road}`,
    /** @param {number} n */
    joined: (n) => `and ${count(n, 'other')}`,
    /** @param {string} took */
    took: (took) => `took ${took}`,
    verified: 'every name server answers right',
    unverified: 'not confirmed at every name server',
    cancel: 'Cancel the job',
    id: 'Job',
    steps: 'Steps',
    unaware: 'There is no job yet.',
  },
  statuses: {
    waiting: 'waiting',
    queued: 'next in line',
    running: 'running',
    succeeded: 'succeeded',
    failed: 'failed',
    refused: 'refused',
    superseded: 'gave way',
    expired: 'too late',
    cancelled: 'cancelled',
  },
  outcomes: { switched: 'switched', 'already-there': 'already there', drilled: 'drilled' },
  steps: {
    guard: 'Ask the destination',
    read: 'Read the records',
    plan: 'Plan the change',
    change: 'Send the change',
    settle: 'Wait for INSYNC',
    verify: 'Ask the name servers',
  },
  stepStatuses: { running: 'running', succeeded: 'done', failed: 'failed', refused: 'refused', skipped: 'skipped' },
  history: {
    title: 'History',
    jobs: 'Jobs',
    journal: 'Journal',
    switch: 'Switch',
    command: 'Command',
    status: 'Status',
    kind: 'Kind',
    find: 'Words',
    all: 'All',
    older: 'Older',
    none: 'Nothing here.',
    reading: 'Reading…',
    /** @param {string} why */
    unread: (why) => `This could not be read: ${why}`,
    /** @param {number} n */
    shown: (n) => `${count(n, 'entry').replace('entrys', 'entries')} shown`,
    allRead: 'This is where it begins.',
    noJournal: 'The journal is for tokens of all switches.',
  },
  devices: {
    title: 'Buttons',
    online: 'online',
    offline: 'offline',
    unheard: 'not heard yet',
    none: 'No button is configured for these switches.',
    /** @param {string} lasted */
    for: (lasted) => `for ${lasted}`,
    /** @param {string} ago */
    heard: (ago) => `last heard ${ago} ago`,
    unheardHint: 'not heard since this endpoint started',
    moves: 'Moves',
    may: 'May',
    version: 'Version',
    lastDrill: 'Last drill',
    never: 'none that is remembered',
    fault: 'Fault',
  },
  /** Hints for refusals: in English the endpoint's own say it. @type {Record<string, string>} */
  hints: {},
  footer: 'Times are those of this browser. The endpoint’s own sentences say UTC.',
};
