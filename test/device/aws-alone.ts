/**
 * The AWS client as the button configures it, in a process of its own: it would keep that of the tests alive for ever.
 * Tells on standard output what became of a message that had no connection to leave by.
 */
import { clientConfig, makeClient, publish } from '../../device/adapters/aws-connection.ts';
import { readTlsFiles } from '../../device/adapters/broker-connection.ts';

const [, , url = '', cert = '', key = ''] = process.argv;
const broker = { url, cert, key, clientId: 'lobby' };
const config = clientConfig(broker, await readTlsFiles(broker), undefined, 1);
const client = makeClient(config);
const fate = await publish(client, { topic: 'press', payload: 'x', retain: false });
client.close();
process.stdout.write(JSON.stringify({ fate, keepAliveS: config.connectProperties?.keepAliveIntervalSeconds }));
