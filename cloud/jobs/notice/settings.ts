/** Who is told, as the rules need to know it: names and kinds, never where or with which secret. */
export interface NotifySettings {
  readonly receivers: readonly {
    /** Of its line of messages: `slack`, `slack-2`. */
    readonly name: string;
    readonly kind: 'pagerduty' | 'slack' | 'webhook' | 'datadog';
    /** Switches, or `*`. */
    readonly on: readonly string[];
  }[];
  /** The page of the endpoint. */
  readonly link: string | null;
  readonly devices: readonly DeviceSettings[];
  /** Every switch, in the order of the configuration. */
  readonly switches: readonly string[];
}

export interface DeviceSettings {
  readonly name: string;
  readonly on: readonly string[];
  readonly drillEveryMs: number | undefined;
}

/** Nobody. */
export const NOBODY: NotifySettings = { receivers: [], link: null, devices: [], switches: [] };

/** The one switch that tells of a device, so that a device of several is told of once. */
export function homeOf({ on }: Pick<DeviceSettings, 'on'>, switches: readonly string[]): string | undefined {
  return switches.find((name) => on.includes('*') || on.includes(name));
}

/** What the rules need of the configuration. */
export function notifySettings({ notify, http, devices, switches }: Configured): NotifySettings {
  return {
    receivers: notify.flatMap(({ name, kind, on }) => (kind === 'heartbeat' ? [] : [{ name, kind, on }])),
    link: http.publicUrl ?? null,
    devices,
    switches: switches.map(({ name }) => name),
  };
}

interface Configured {
  readonly notify: readonly {
    readonly name: string;
    readonly kind: NotifySettings['receivers'][number]['kind'] | 'heartbeat';
    readonly on: readonly string[];
  }[];
  readonly http: { readonly publicUrl: string | undefined };
  readonly devices: readonly DeviceSettings[];
  readonly switches: readonly { readonly name: string }[];
}
