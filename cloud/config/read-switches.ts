import { basename, dirname, resolve } from 'node:path';
import { toConfig, type Config } from './config.ts';
import { readSource } from './document.ts';
import type { Environment } from './environment.ts';
import { explain, say } from './explain.ts';
import { ConfigProblems, pathInWords, type Path, type Problem } from './problems.ts';
import { inOrder, readText } from './read.ts';
import { File } from './schema.ts';
import { checkSwitches } from './switches.ts';
import { isMapping } from './walk.ts';

const SECTIONS = ['route53', 'dns', 'switches'] as const;

/** What is needed to move a switch by hand: no store, no broker, nobody's secret. */
export type SwitchesConfig = Pick<Config, 'path' | (typeof SECTIONS)[number]>;

/**
 * Reads only `route53`, `dns` and `switches` of dashover.yaml. Whatever is wrong or missing elsewhere (a secret that is
 * not in this environment, a certificate that is not on this machine) is no obstacle: this is for the way out when the
 * endpoint is down. Throws ConfigProblems for mistakes in those three, and for a file that is no YAML.
 */
export function readSwitches(path: string, env: Environment): SwitchesConfig {
  const file = resolve(path);
  const source = readSource(readText(file), env);
  const problems: Problem[] = source.problems.filter(({ path: at }) => concerns(at));
  const report = (at: Path, text: string): void => {
    if (!source.unset.has(pathInWords(at))) problems.push({ path: at, text });
  };
  const written = isMapping(source.value) ? source.value : {};
  const sections = Object.fromEntries(SECTIONS.flatMap((key) => (key in written ? [[key, written[key]]] : [])));
  const parsed = File.safeParse(isMapping(source.value) ? sections : source.value);
  if (source.value !== undefined) {
    for (const issue of parsed.error?.issues ?? []) explain(issue, File, source, report);
    checkSwitches(sections, (at) => say(source, at), report);
  }
  if (!parsed.success || problems.length > 0) throw new ConfigProblems(basename(file), inOrder(problems, source));
  const config = toConfig(parsed.data, file, dirname(file), {});
  return { path: config.path, route53: config.route53, dns: config.dns, switches: config.switches };
}

/** A problem of syntax has no path. */
function concerns(path: Path): boolean {
  return path.length === 0 || SECTIONS.some((section) => section === path[0]);
}
