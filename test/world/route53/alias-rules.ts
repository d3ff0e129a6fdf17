import type { RecordSet } from '../../../cloud/ports.ts';
import { isWithin } from '../dns/name.ts';
import type { Zone } from './zone.ts';
import { setsAt } from './zone.ts';

interface Service {
  readonly suffix: string;
  readonly types: readonly string[];
}

/** Alias zones of services that have one for the whole world, with the names that live there. */
const SERVICES: Readonly<Record<string, Service>> = {
  Z2FDTNDATAQYW2: { suffix: 'cloudfront.net.', types: ['A', 'AAAA', 'HTTPS'] },
  Z2BJ6XQ5FK7U4H: { suffix: 'awsglobalaccelerator.com.', types: ['A', 'AAAA'] },
};

/** Names of regional services (load balancers, S3, API Gateway, VPC endpoints), whose zones differ by region. */
const REGIONAL_SUFFIXES = ['amazonaws.com.', 'amazonaws.com.cn.', 'elasticbeanstalk.com.', 'on.aws.', 'api.aws.'];
const REGIONAL_TYPES = ['A', 'AAAA'];

/** What is wrong with where an alias points. `sets` are those at this point of the batch, without the alias itself. */
export function aliasProblems(
  set: RecordSet,
  zone: Zone,
  sets: readonly RecordSet[],
  otherZones: ReadonlySet<string>,
): string[] {
  const { alias } = set;
  if (!alias) return [];
  if (set.type === 'NS' || set.type === 'SOA' || set.type === 'DS') {
    return [`RRSet of type ${set.type} with DNS name ${set.name} is not permitted to be an alias`];
  }
  const tried = `Tried to create an alias that targets ${alias.name}, type ${set.type} in zone ${alias.zone},`;
  const outside = `${tried} but the alias target name does not lie within the target zone`;
  const notFound = `${tried} but that target was not found`;
  if (alias.zone === zone.id) {
    if (!isWithin(alias.name, zone.name)) return [outside, notFound];
    return setsAt(sets, alias.name, set.type).length > 0 ? [] : [notFound];
  }
  // An alias reaches a service of Amazon's or a set of its own zone, never another zone of the account.
  if (otherZones.has(alias.zone)) return [notFound];
  const service = SERVICES[alias.zone];
  const inService = service
    ? isWithin(alias.name, service.suffix)
    : REGIONAL_SUFFIXES.some((suffix) => isWithin(alias.name, suffix));
  if (!inService) return [outside, notFound];
  if (!(service?.types ?? REGIONAL_TYPES).includes(set.type)) return [notFound];
  if (alias.evaluateTargetHealth && service?.suffix === 'cloudfront.net.') {
    return [`${tried} but EvaluateTargetHealth is not supported for that target`];
  }
  return [];
}
