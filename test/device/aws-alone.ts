/**
 * The AWS client as the button configures it, in a process of its own: it would keep that of the tests alive for ever.
 * Tells on standard output what became of a message that had no connection to leave by.
 */
import { mqtt5 } from 'aws-iot-device-sdk-v2';
import { readTlsFiles } from '../../device/adapters/broker-connection.ts';
import { clientConfig } from '../../device/adapters/aws-connection.ts';

const [, , url = '', cert = '', key = ''] = process.argv;
const broker = { url, cert, key, clientId: 'lobby' };
const config = clientConfig(broker, await readTlsFiles(broker), undefined, 1);
const client = new mqtt5.Mqtt5Client(config);
const publish = { topicName: 'press', payload: 'x', qos: mqtt5.QoS.AtLeastOnce };
const fate = await client.publish(publish).then(
  () => 'sent',
  (error: unknown) => (error instanceof Error ? error.message : String(error)),
);
client.close();
process.stdout.write(JSON.stringify({ fate, keepAliveS: config.connectProperties?.keepAliveIntervalSeconds }));
