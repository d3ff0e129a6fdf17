import { z } from 'zod';

/** Bodies may be left out: an empty one says the same as {}. */
export const orNothing = <Body extends z.ZodType>(body: Body) => z.preprocess((value) => value ?? {}, body);

/** Why somebody does it, for the job and the journal. */
export const Reason = z.string().max(256).optional();
