import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// Found on the path, as Mosquitto is.
const OPENSSL = 'openssl';
const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export const opensslMissing = spawnSync(OPENSSL, ['version']).error !== undefined;

/** An authority, which signs certificates for names. Everything lies in the folder as `NAME.pem` and `NAME.key`. */
export class Authority {
  readonly #folder: string;
  readonly #name: string;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    this.#openssl('req', '-x509', ...EC_KEY, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`);
  }

  /** A certificate for `commonName`; its files are called `file`. */
  sign(commonName: string, file = commonName): void {
    const ext = join(this.#folder, `${file}.ext`);
    writeFileSync(ext, 'subjectAltName=IP:127.0.0.1\n');
    this.#openssl('req', ...EC_KEY, '-keyout', `${file}.key`, '-out', `${file}.csr`, '-subj', `/CN=${commonName}`);
    const by = ['-CA', `${this.#name}.pem`, '-CAkey', `${this.#name}.key`, '-CAcreateserial', '-extfile', ext];
    this.#openssl('x509', '-req', '-in', `${file}.csr`, '-out', `${file}.pem`, '-days', '2', ...by);
  }

  #openssl(...args: string[]): void {
    execFileSync(OPENSSL, args, { cwd: this.#folder, stdio: 'pipe' });
  }
}

/** What a client needs to prove that it is `file`, and to know the broker. */
export function tlsOf(folder: string, file: string, ca = 'ca'): { ca: string; cert: string; key: string } {
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return { ca: read(`${ca}.pem`), cert: read(`${file}.pem`), key: read(`${file}.key`) };
}
