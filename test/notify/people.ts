import type { Notice, NotifierBody, ServiceCheck } from '../../shared/notice.ts';
import type { NotifySettings } from '../../cloud/jobs/notice/settings.ts';
import { makeWorld, type World, type WorldOptions } from '../jobs/lane-driver.ts';

/** One receiver of each kind, a button with a drill to do, and a page to link to. */
export const PEOPLE: NotifySettings = {
  receivers: [
    { name: 'pagerduty', kind: 'pagerduty', on: ['*'] },
    { name: 'slack', kind: 'slack', on: ['*'] },
    { name: 'datadog', kind: 'datadog', on: ['*'] },
  ],
  link: 'https://dashover.example.com',
  devices: [],
  switches: ['www'],
};

export function toldWorld(options: WorldOptions & { readonly people?: Partial<NotifySettings> } = {}): World {
  const switches = options.switches ?? ['www'];
  return makeWorld({ ...options, notify: { ...PEOPLE, switches, ...options.people } });
}

/** What was written to a receiver's line, oldest first. */
export function told(world: World, receiver = 'slack'): Notice[] {
  return bodies(world, receiver).flatMap((body) => (body.form === 'notice' ? [body.notice] : []));
}

export function checks(world: World): ServiceCheck[] {
  return bodies(world, 'datadog').flatMap((body) => (body.form === 'check' ? [body.check] : []));
}

/** What the pager was asked: `trigger job-1 (error)`, `resolve job-1`. */
export function calls(world: World): string[] {
  return told(world, 'pagerduty').map(({ page, severity }) =>
    page?.action === 'trigger' ? `trigger ${page.key} (${severity})` : `resolve ${page?.key}`,
  );
}

function bodies(world: World, receiver: string): NotifierBody[] {
  return world.outgoing.filter((row) => row.receiver === receiver).map(({ body }) => body as NotifierBody);
}
