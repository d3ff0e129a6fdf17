import { fixedSeeds, holdAll } from './played-seeds.ts';

holdAll(fixedSeeds(251, 250));
