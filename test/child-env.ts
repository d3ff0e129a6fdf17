/**
 * The environment of a program that a test starts: nothing of ours but where programs are, and where Node keeps what it
 * has compiled.
 */
export function childEnv(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const passed = ['PATH', 'NODE_COMPILE_CACHE'].map((name): [string, string] => [name, process.env[name] ?? '']);
  return { ...Object.fromEntries(passed.filter(([, value]) => value !== '')), ...more };
}
