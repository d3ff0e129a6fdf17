import { holdsRoadPromises } from './road-promises.ts';

holdsRoadPromises('mqtt');
