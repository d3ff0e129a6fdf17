export type Environment = Readonly<Record<string, string | undefined>>;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Puts values of the environment in place of `${NAME}`; `$${` stays as `${`. `report` gets a sentence for each that
 * cannot be used, which repeats the variable's name and nothing around it: that may be a secret.
 */
export function expand(text: string, env: Environment, report: (sentence: string) => void): string {
  return text.replaceAll(/\$?\$\{([^}]*)(\}?)/g, (whole: string, name: string, close: string) => {
    if (whole.startsWith('$$')) return whole.slice(1);
    const value = env[name];
    if (close === '' || !NAME.test(name))
      report('has a ${ that begins no ${NAME}; write $${ for the characters themselves.');
    else if (value === undefined) report(`takes the environment variable ${name}, which is not set; set ${name}.`);
    else if (value === '') report(`takes the environment variable ${name}, which is empty; set ${name}.`);
    else return value;
    return '';
  });
}
