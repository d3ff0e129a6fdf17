import { holdsRoadPromises } from './road-promises.ts';

holdsRoadPromises('aws-iot');
