import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { METRICS, type MetricName } from '../../shared/metrics.ts';
import type { Meter } from '../ports.ts';

/** prom-client is loaded this long after the start, or at the first look: its 25 ms must not delay the first answer. */
const LOAD_AFTER_MS = 2_000;
/** What is kept while it cannot be loaded; what happens after so much is not counted. */
const EARLY_MAX = 10_000;

/** 0.5 ms to 10 s: from a commit on a quick disk to a store that is in trouble. */
const QUICK_S = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
/** 50 ms to 10 min: Route 53 takes up to a minute to be INSYNC, and a job gives up after ten. */
const SLOW_S = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

const BUCKETS_S: Readonly<Record<MetricName<'histogram'>, number[]>> = {
  dashover_accept_seconds: QUICK_S,
  dashover_store_seconds: QUICK_S,
  dashover_route53_call_seconds: QUICK_S,
  dashover_step_seconds: SLOW_S,
  dashover_job_seconds: SLOW_S,
};

/** Of the process's own: gauges that are called like counters, and what few people ever look at. */
const LEFT_OUT =
  /^nodejs_(active_.*|heap_space_.*|eventloop_lag_(min|mean|stddev|p50)_seconds)$|^process_(heap_bytes|cpu_(user|system)_.*)$/;

type Prom = typeof import('prom-client');

interface Loaded {
  readonly registry: Registry;
  readonly counters: ReadonlyMap<string, Counter>;
  readonly gauges: ReadonlyMap<string, Gauge>;
  readonly histograms: ReadonlyMap<string, Histogram>;
}

export interface OpenMeter extends Meter {
  [Symbol.asyncDispose](): Promise<void>;
}

export function importProm(): Promise<{ readonly default: Prom }> {
  return import('prom-client');
}

interface MeterOptions {
  readonly version: string;
  /** The package, unless a test has another. */
  readonly load?: typeof importProm;
}

/**
 * Counts in a registry of prom-client of its own, beside the metrics of the process itself (`process_…`, `nodejs_…`).
 * `text` rejects when prom-client cannot be loaded; the next look tries it again.
 */
export function openMeter({ version, load = importProm }: MeterOptions): OpenMeter {
  let loaded: Loaded | undefined;
  let loading: Promise<Loaded> | undefined;
  /** What happened before prom-client was there. */
  let early: (() => void)[] = [];

  function open(): Promise<Loaded> {
    clearTimeout(timer);
    loading ??= load()
      .then(({ default: prom }) => {
        loaded = registryOf(prom);
        for (const note of early) note();
        early = [];
        return loaded;
      })
      .catch((error: unknown) => {
        loading = undefined;
        throw error;
      });
    return loading;
  }
  // Metrics never end the process; whoever looks is told.
  const timer = setTimeout(() => void open().catch(() => undefined), LOAD_AFTER_MS).unref();

  /** At once, or as soon as there is something to note it in. */
  function note(word: () => void): void {
    if (loaded) word();
    else if (early.length < EARLY_MAX) early.push(word);
  }

  return {
    count: (metric, labels, by = 1) => note(() => loaded?.counters.get(metric)?.inc(labels, by)),
    time: (metric, labels, seconds) => note(() => loaded?.histograms.get(metric)?.observe(labels, seconds)),
    async text(values) {
      const { registry, gauges } = await open();
      // In one go, so that of two who look at the same time neither finds the gauges half filled.
      for (const gauge of gauges.values()) gauge.reset();
      for (const { metric, labels, value } of values) gauges.get(metric)?.set(labels, value);
      gauges.get('dashover_build_info')?.set({ version }, 1);
      return registry.metrics();
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      await loading?.catch(() => undefined);
      loaded?.registry.clear();
    },
  };
}

function registryOf(prom: Prom): Loaded {
  const registry = new prom.Registry();
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const [name, { kind, labels, help }] of Object.entries(METRICS)) {
    const settings = { name, help, labelNames: [...labels], registers: [registry] };
    if (kind === 'counter') counters.set(name, new prom.Counter(settings));
    else if (kind === 'gauge') gauges.set(name, new prom.Gauge(settings));
    else histograms.set(name, new prom.Histogram({ ...settings, buckets: bucketsOf(name) }));
  }
  // A look each 10 ms, the default, would wake an idle machine a hundred times a second.
  prom.collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  for (const { name } of registry.getMetricsAsArray()) if (LEFT_OUT.test(name)) registry.removeSingleMetric(name);
  return { registry, counters, gauges, histograms };
}

function bucketsOf(name: string): number[] {
  return Object.hasOwn(BUCKETS_S, name) ? BUCKETS_S[name as MetricName<'histogram'>] : QUICK_S;
}
