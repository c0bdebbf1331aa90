// kafkajs, driven by the tests. Values and keys travel as base64, one record a line, so that any byte survives.
//
//   node client.js produce BROKER TOPIC CODEC        stdin: <key or -> <value>
//   node client.js consume BROKER TOPIC GROUP COUNT  stdout: <partition> <offset> <key or -> <value>
'use strict';

const { Kafka, CompressionTypes, CompressionCodecs, logLevel, Partitioners } = require('kafkajs');
const SnappyCodec = require('kafkajs-snappy');
const lz4 = require('lz4js');
const { ZstdCodec } = require('zstd-codec');
const readline = require('node:readline');

CompressionCodecs[CompressionTypes.Snappy] = SnappyCodec;
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async (encoder) => Buffer.from(lz4.compress(encoder.buffer)),
  decompress: async (buffer) => Buffer.from(lz4.decompress(buffer)),
});
const zstd = new Promise((resolve) => ZstdCodec.run((codec) => resolve(new codec.Simple())));
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async (encoder) => Buffer.from((await zstd).compress(encoder.buffer)),
  decompress: async (buffer) => Buffer.from((await zstd).decompress(buffer)),
});

const codecs = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

const bytes = (text) => (text === '-' ? null : Buffer.from(text, 'base64'));
const text = (buffer) => (buffer === null ? '-' : buffer.toString('base64'));

async function produce(kafka, topic, codec) {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true });
  await producer.connect();
  let messages = [];
  const send = async () => {
    if (messages.length > 0) {
      await producer.send({ topic, compression: codecs[codec], acks: -1, messages });
      messages = [];
    }
  };
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [key, value] = line.split(' ');
    messages.push({ key: bytes(key), value: bytes(value) });
    if (messages.length === 100) {
      await send();
    }
  }
  await send();
  await producer.disconnect();
}

async function consume(kafka, topic, groupId, count) {
  const consumer = kafka.consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let left = count;
  await new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, (event) => reject(event.payload.error));
    consumer
      .run({
        eachMessage: async ({ partition, message }) => {
          console.log(partition, message.offset, text(message.key), text(message.value));
          left -= 1;
          if (left === 0) {
            resolve();
          }
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
}

async function main([command, broker, topic, ...rest]) {
  const kafka = new Kafka({ clientId: 'kafkajs-test', brokers: [broker], logLevel: logLevel.ERROR });
  if (command === 'produce') {
    await produce(kafka, topic, rest[0]);
  } else if (command === 'consume') {
    await consume(kafka, topic, rest[0], Number(rest[1]));
  } else {
    throw new Error(`no command ${command}`);
  }
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
