import type { RecordSet } from '../../../cloud/ports.ts';

/** Route 53 answers with at most so many multivalue records. */
const MULTIVALUE_MAX = 8;

export interface Chance {
  /** In [0, 1). */
  random(): number;
  isHealthy(set: RecordSet): boolean;
}

/**
 * Which of the sets of one name and type answer this question, by their routing policy. A server on loopback cannot
 * know where somebody is, so latency takes the first region by name, and geolocation the default (`*`) record only.
 */
export function choose(sets: readonly RecordSet[], chance: Chance): readonly RecordSet[] {
  const [first] = sets;
  if (!first) return [];
  const healthy = sets.filter((set) => chance.isHealthy(set));
  // When nothing is healthy, Route 53 treats everything as healthy.
  const eligible = healthy.length > 0 ? healthy : sets;
  if (first.weight !== undefined) return weighted(sets, healthy, chance);
  if (first.failover !== undefined) return failover(sets, chance);
  if (first.multiValue !== undefined) return shuffled(eligible, chance).slice(0, MULTIVALUE_MAX);
  if (first.geolocation) return eligible.filter(({ geolocation }) => geolocation?.country === '*').slice(0, 1);
  if (first.region !== undefined) {
    return [...eligible].sort((a, b) => ((a.region ?? '') < (b.region ?? '') ? -1 : 1)).slice(0, 1);
  }
  return eligible.slice(0, 1);
}

/** One set, as often as its weight says. Sets of weight 0 wait until no other is healthy; then all are alike. */
function weighted(all: readonly RecordSet[], healthy: readonly RecordSet[], chance: Chance): readonly RecordSet[] {
  const choices = [healthy.filter(isHeavy), healthy, all.filter(isHeavy)];
  const candidates = choices.find((sets) => sets.length > 0) ?? all;
  const weightOf = ({ weight = 0 }: RecordSet): number => (candidates.some(isHeavy) ? weight : 1);
  let left = chance.random() * candidates.reduce((sum, set) => sum + weightOf(set), 0);
  const hit = candidates.find((set) => (left -= weightOf(set)) < 0);
  return hit ? [hit] : candidates.slice(-1);
}

function isHeavy({ weight = 0 }: RecordSet): boolean {
  return weight > 0;
}

function failover(sets: readonly RecordSet[], chance: Chance): readonly RecordSet[] {
  const order = ['PRIMARY', 'SECONDARY'].flatMap((role) => sets.filter((set) => set.failover === role));
  const healthy = order.find((set) => chance.isHealthy(set));
  return healthy ? [healthy] : order.slice(0, 1);
}

function shuffled(sets: readonly RecordSet[], chance: Chance): RecordSet[] {
  return sets
    .map((set) => ({ set, at: chance.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ set }) => set);
}
