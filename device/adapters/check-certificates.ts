import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { Clock } from '../../shared/clock.ts';
import type { Broker } from './broker-connection.ts';
import type { Finding } from './check-finding.ts';

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;
/** Readable or writable by anybody but its owner. */
const OPEN_MODE = 0o077;

/** The files that `mqtt` names, each by itself and the key with its certificate. Reads, and never prints a key. */
export async function* checkCertificates(
  { ca, cert, key }: Pick<Broker, 'ca' | 'cert' | 'key'>,
  device: string,
  clock: Clock,
): AsyncGenerator<Finding> {
  if (ca !== undefined) yield tell('ca', certificateAt(await readFile(ca), clock));
  if (cert === undefined || key === undefined) return;
  const own = certificateAt(await readFile(cert), clock);
  yield tell('cert', own, device);
  yield await checkKey(key, own.certificate);
}

interface Read {
  readonly certificate?: X509Certificate;
  readonly problem: string | null;
  readonly text: string;
}

function certificateAt(pem: Buffer, clock: Clock): Read {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return { problem: 'It holds no certificate in PEM; look for "-----BEGIN CERTIFICATE-----".', text: '' };
  }
  const { validFromDate, validToDate } = certificate;
  const nowMs = clock.nowMs();
  const until = validToDate.toISOString().slice(0, 10);
  const days = Math.floor((validToDate.getTime() - nowMs) / DAY_MS);
  if (nowMs < validFromDate.getTime()) {
    const problem = `It is valid only from ${validFromDate.toISOString()}, or the clock of this machine is wrong.`;
    return { certificate, problem, text: '' };
  }
  if (days < 0) return { certificate, problem: `It has expired on ${until}: renew it.`, text: '' };
  const soon = days < SOON_DAYS ? `, which is in ${days} days: renew it soon` : '';
  return { certificate, problem: null, text: `valid until ${until}${soon}` };
}

function tell(name: string, { certificate, problem, text }: Read, device?: string): Finding {
  if (problem !== null) return { name, ok: false, text: problem };
  const common = /^CN=(.*)$/m.exec(certificate?.subject ?? '')?.[1];
  const whose = `For ${common ?? 'nobody by name'}, ${text}.`;
  // On AWS IoT a certificate has no name that counts; a broker that takes the user from it lets another one in.
  const remark = ` A broker that takes the user name from the certificate knows this device as another than ${device}.`;
  return { name, ok: true, text: device === undefined || common === device ? whose : whose + remark };
}

async function checkKey(path: string, certificate: X509Certificate | undefined): Promise<Finding> {
  const name = 'key';
  const { mode } = await stat(path);
  try {
    const key = createPrivateKey(await readFile(path));
    if (certificate && !certificate.checkPrivateKey(key)) {
      return { name, ok: false, text: 'mqtt.cert and mqtt.key do not belong together.' };
    }
  } catch {
    const text = 'mqtt.key holds no private key in PEM that can be read without a passphrase.';
    return { name, ok: false, text };
  }
  if ((mode & OPEN_MODE) !== 0) {
    const text = `Others on this machine may use it (mode ${(mode & 0o777).toString(8)}): chmod 600 ${path}`;
    return { name, ok: false, text };
  }
  return { name, ok: true, text: 'It belongs to the certificate, and nobody else may read it.' };
}
