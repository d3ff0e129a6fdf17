import { TLSSocket } from 'node:tls';
import type { Clock } from '../../shared/clock.ts';
import { type Broker, readTlsFiles } from './broker-connection.ts';
import type { Finding } from './check-finding.ts';
import { openSocket } from './mqtt-socket.ts';
import { codeOf, faultInWords } from './mqtt-words.ts';

const HANDSHAKE_MS_MAX = 8_000;
/** In TLS 1.3 the broker judges our certificate only after we have seen its own: its refusal comes a moment later. */
const REFUSAL_MS = 500;

/**
 * A TLS handshake with what `mqtt` names, by Node's own TLS: it tells at once, and why, where an MQTT client may try
 * for ten seconds and give no reason. Nothing is said to the broker, so nobody is thrown out.
 */
export async function checkTls(broker: Broker, clock: Clock): Promise<Finding> {
  const name = 'tls';
  const done = new AbortController();
  const { promise, resolve } = Promise.withResolvers<Finding>();
  let shaken = false;
  const bad = (error: unknown): void => {
    const hungUp = shaken && codeOf(error) === 'ECONNRESET';
    resolve({ name, ok: false, text: hungUp ? hungUpBy(broker) : faultInWords(error) });
  };
  const within = async (ms: number, then: () => void): Promise<void> => {
    await clock.sleep(ms, done.signal);
    if (!done.signal.aborted) then();
  };
  try {
    const socket = openSocket(new URL(broker.url), await readTlsFiles(broker));
    const { stream } = socket;
    stream.on('error', bad);
    stream.on('close', () => bad({ code: 'ECONNRESET' }));
    stream.once('secureConnect', () => {
      shaken = true;
      stream.resume();
      void within(REFUSAL_MS, () => resolve({ name, ok: true, text: shownBy(stream) }));
    });
    void within(HANDSHAKE_MS_MAX, () => bad({ code: 'ETIMEDOUT' }));
    const finding = await promise;
    socket.reset();
    return finding;
  } catch (error) {
    return { name, ok: false, text: faultInWords(error) };
  } finally {
    done.abort();
  }
}

/** Some brokers say why with an alert; others judge the certificate afterwards, and just close. */
function hungUpBy({ cert }: Broker): string {
  return cert === undefined
    ? 'The broker hung up after the handshake: it probably asks for a client certificate; set mqtt.cert and mqtt.key.'
    : 'The broker hung up when it had seen mqtt.cert: does it trust the authority that signed it?';
}

function shownBy(stream: object): string {
  if (!(stream instanceof TLSSocket)) return 'The connection is encrypted.';
  const { subject, valid_to: until } = stream.getPeerCertificate();
  const day = new Date(until).toISOString().slice(0, 10);
  return `${stream.getProtocol()}; the broker's certificate is for ${String(subject.CN)} and valid until ${day}.`;
}
