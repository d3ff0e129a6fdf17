import net from 'node:net';
import tls from 'node:tls';
import type { TlsFiles } from './broker-connection.ts';

export interface BrokerSocket {
  readonly stream: net.Socket;
  /**
   * Throws away what has not reached the broker yet. An ordinary close would let the kernel go on delivering it, for
   * minutes on a cut line: a press that arrives long after its deadline. So TCP is reset, underneath TLS as well.
   */
  reset(): void;
}

const PORTS: Readonly<Record<string, number>> = {
  'mqtt:': 1_883,
  'mqtts:': 8_883,
  'ws:': 80,
  'wss:': 443,
  'http:': 80,
  'https:': 443,
};

/** Host, an IPv6 address without its brackets, and port. */
export function placeOf(url: URL): { readonly host: string; readonly port: number } {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(url.port) || PORTS[url.protocol] || 0 };
}

/** Opens the socket under `mqtt:`, `ws:` or `http:`, with TLS where it is `mqtts:` and the like; errors come as events of the stream. */
export function openSocket(url: URL, files: TlsFiles): BrokerSocket {
  const secure = /^(mqtts|wss|https):$/.test(url.protocol);
  const { host, port } = placeOf(url);
  const raw = net.connect({ host, port });
  // With Nagle's algorithm a PUBLISH waits for the acknowledgement of the packet before it: 20 ms on a press.
  raw.setNoDelay(true);
  const stream = secure ? tls.connect({ ...secureOptions(url, host, files), socket: raw }) : raw;
  if (stream !== raw) raw.on('error', (error) => stream.destroy(error));
  return {
    stream,
    reset() {
      if (!raw.destroyed) raw.resetAndDestroy();
      stream.destroy();
    },
  };
}

function secureOptions(url: URL, host: string, files: TlsFiles): tls.ConnectionOptions {
  return {
    ...(files.ca && { ca: files.ca }),
    ...(files.cert && { cert: files.cert }),
    ...(files.key && { key: files.key }),
    ...(net.isIP(host) === 0 ? { servername: host } : { host }),
    // AWS IoT speaks MQTT with client certificates on port 443 only to those who ask for it by name.
    ...(url.port === '443' && host.endsWith('.amazonaws.com') && { ALPNProtocols: ['x-amzn-mqtt-ca'] }),
  };
}
