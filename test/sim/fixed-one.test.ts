import { fixedSeeds, holdAll } from './played-seeds.ts';

holdAll(fixedSeeds(1, 250));
