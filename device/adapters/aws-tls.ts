import type { Clock } from '../../shared/clock.ts';
import type { TlsFiles } from './broker-connection.ts';
import { openSocket } from './mqtt-socket.ts';
import { faultInWords } from './mqtt-words.ts';

/** A broker near by has let us in by then, and nothing needs to be asked. */
const PATIENCE_MS = 2_000;
/** With TLS 1.3 a server refuses our certificate only after the handshake is done on our side. */
const REFUSAL_MS = 1_000;
const HANDSHAKE_MS_MAX = 5_000;

/** What is wrong with the TLS to this broker, as node sees it, in a sentence; null when nothing is, or when `settled`. */
export async function askTls(url: URL, files: TlsFiles, settled: AbortSignal, clock: Clock): Promise<string | null> {
  await clock.sleep(PATIENCE_MS, settled);
  if (settled.aborted) return null;
  const told = new AbortController();
  let fault: string | null = null;
  try {
    const socket = openSocket(url, files);
    socket.stream.on('error', (error) => {
      fault = faultInWords(error);
      told.abort();
    });
    const shaken = new AbortController();
    socket.stream.on('secureConnect', () => shaken.abort());
    await clock.sleep(HANDSHAKE_MS_MAX, AbortSignal.any([told.signal, shaken.signal, settled]));
    if (shaken.signal.aborted) await clock.sleep(REFUSAL_MS, AbortSignal.any([told.signal, settled]));
    socket.reset();
    return fault;
  } catch (error) {
    // Material that cannot be used at all.
    return faultInWords(error);
  }
}
