import { z } from 'zod';
import { readHost } from './dns-name.ts';
import { dnsName, Region, ZoneId } from './leaves.ts';

/** What Route 53 knows, without SOA: a switch that changes the SOA changes the zone, not where a name points. */
export const RECORD_TYPES = [
  'A',
  'AAAA',
  'CAA',
  'CNAME',
  'DS',
  'HTTPS',
  'MX',
  'NAPTR',
  'NS',
  'PTR',
  'SPF',
  'SRV',
  'SSHFP',
  'SVCB',
  'TLSA',
  'TXT',
] as const;

/** Route 53: a TTL is a 31-bit number of seconds. */
const TTL_MAX = 2_147_483_647;
const VALUES_MAX = 400;
/** Route 53: a set identifier has at most 128 characters, a weight is a byte. */
const SET_IDENTIFIER_MAX = 128;
const WEIGHT_MAX = 255;

const Alias = z
  .strictObject({
    zone: ZoneId.describe('the hosted zone id of the alias target; CloudFront has Z2FDTNDATAQYW2'),
    name: dnsName('the host name of the alias target, such as d1.cloudfront.net', readHost),
    evaluateTargetHealth: z.boolean().default(false).describe('true or false'),
  })
  .describe('an alias as { zone: Z2FDTNDATAQYW2, name: d1.cloudfront.net }');

const GeoLocation = z
  .strictObject({
    continent: z
      .enum(['AF', 'AN', 'AS', 'EU', 'OC', 'NA', 'SA'])
      .exactOptional()
      .describe('AF, AN, AS, EU, OC, NA or SA'),
    country: z
      .string()
      .regex(/^([A-Z]{2}|\*)$/)
      .exactOptional()
      .describe("a country of two capital letters, such as JP, or '*' for all others"),
    subdivision: z
      .string()
      .regex(/^[A-Z0-9]{1,3}$/)
      .exactOptional()
      .describe('a part of the country, such as CA with country: US'),
  })
  .describe('a place as { continent: EU } or { country: JP }');

/** One record set as written. What its fields say about each other is judged in `records.ts`. */
export const Record = z
  .strictObject({
    name: dnsName('a host name, such as www.example.com'),
    type: z.enum(RECORD_TYPES).describe(`a record type: ${RECORD_TYPES.join(', ')}`),
    ttl: z.int().min(0).max(TTL_MAX).exactOptional().describe('whole seconds from 0 to 2147483647, such as 60'),
    values: z
      .array(z.string().min(1).max(4_000).describe('a value as text, in quotes if it is a number or has a : or #'))
      .min(1)
      .max(VALUES_MAX)
      .exactOptional()
      .describe(`a list of 1 to ${VALUES_MAX} values, such as [192.0.2.10]`),
    alias: Alias.exactOptional(),
    setIdentifier: z
      .string()
      .min(1)
      .max(SET_IDENTIFIER_MAX)
      .exactOptional()
      .describe(`text of 1 to ${SET_IDENTIFIER_MAX} characters that tells sets of one name and type apart`),
    weight: z.int().min(0).max(WEIGHT_MAX).exactOptional().describe(`a whole number from 0 to ${WEIGHT_MAX}`),
    region: Region.exactOptional(),
    failover: z.enum(['PRIMARY', 'SECONDARY']).exactOptional().describe('PRIMARY or SECONDARY'),
    geolocation: GeoLocation.exactOptional(),
    multiValue: z.literal(true).exactOptional().describe('true, or leave it out'),
    healthCheckId: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/)
      .exactOptional()
      .describe('the id of a Route 53 health check'),
  })
  .describe('a record set, such as { name: www.example.com, type: A, ttl: 60, values: [192.0.2.10] }');
export type Record = z.output<typeof Record>;

export const ROUTING = ['weight', 'region', 'failover', 'geolocation', 'multiValue'] as const;
