import { type Fake, openFake } from './fake.ts';

export interface FakeHeart extends Fake {
  /** How often it was called. */
  beats(): number;
  readonly hook: string;
}

/** Takes a GET at its secret path, as Healthchecks and Uptime Kuma do. */
export async function openFakeHeart(secret: string): Promise<FakeHeart> {
  const path = `/ping/${secret}`;
  let beats = 0;
  const fake = await openFake((request) => {
    if (request.path !== path || request.method !== 'GET') return { status: 404, body: 'not found' };
    beats += 1;
    return { status: 200, body: 'OK' };
  });
  return Object.assign(fake, { beats: () => beats, hook: `${fake.url}${path}` });
}
