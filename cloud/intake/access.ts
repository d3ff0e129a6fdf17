import { COMMANDS } from '../../shared/command.ts';
import type { Api, ApiOptions } from './api-options.ts';
import type { Action } from './caller.ts';
import { checkReader, principalOf, sees } from './respond.ts';
import { ROUTES } from './route-words.ts';

const ACTIONS: readonly Action[] = [...COMMANDS, 'hold', 'release', 'cancel', 'alerts'];

/** What the bearer may do, and between which positions: what a page offers, before anything is pressed. */
export function accessRoutes(app: Api, { switches }: ApiOptions): void {
  app.get('/api/access', { schema: { ...ROUTES.access } }, async (request) => {
    checkReader(request);
    const principal = principalOf(request);
    const mine = switches.filter(({ name }) => sees(request, name));
    const isToken = principal.kind === 'token';
    return {
      actor: isToken ? principal.token.name : principal.device.name,
      // A device commands on its own road only.
      may: isToken ? ACTIONS.filter((one) => principal.token.may.some((may) => may === '*' || may === one)) : [],
      journal: isToken && principal.token.on.includes('*'),
      switches: mine.map(({ name, title, positions, failoverTo }) => ({
        switch: name,
        title,
        names: [...new Set(Object.values(positions).flatMap((sets) => sets.map((set) => set.name)))],
        positions: Object.keys(positions),
        failoverTo,
      })),
    };
  });
}
