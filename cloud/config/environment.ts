export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$?\$\{([^}]*)(\}?)/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Puts values from the environment in place of `${NAME}`; `$${` stays as `${`. `report` gets a sentence for each that
 * cannot be used. It repeats only the names of variables: neither their values nor the text around them, which may be
 * a secret.
 */
export function expand(text: string, env: Environment, report: (sentence: string) => void): string {
  return text.replace(REFERENCE, (whole: string, name: string, close: string) => {
    if (whole.startsWith('$$')) return whole.slice(1);
    if (close === '') {
      report('has a "${" without its "}"; write ${NAME}, or $${ for the characters themselves.');
    } else if (!NAME.test(name)) {
      report('has a ${…} that is not the name of an environment variable; write ${NAME}, without a default.');
    } else if (env[name] === undefined) {
      report(`takes its value from the environment variable ${name}, which is not set; set ${name}.`);
    } else if (env[name] === '') {
      report(`takes its value from the environment variable ${name}, which is empty; set ${name}.`);
    } else {
      return env[name];
    }
    // What depends on it is not judged as well: its place holder fits nothing, and its problem is told already.
    return '';
  });
}
