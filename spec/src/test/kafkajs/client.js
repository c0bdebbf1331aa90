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
  compress: async (encoder) => lz4Frame(encoder.buffer),
  decompress: async (buffer) => Buffer.from(lz4.decompress(buffer)),
});
const zstd = new Promise((resolve) => ZstdCodec.run(resolve));
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async (encoder) => Buffer.from(new (await zstd).Simple().compress(encoder.buffer)),
  // Kafka's producers stream: their frames do not say how large they become, which only the streaming decoder takes.
  decompress: async (buffer) => Buffer.from(new (await zstd).Streaming().decompress(buffer)),
});

// lz4js makes frames of dependent blocks, which Kafka refuses; the blocks themselves are its.
const LZ4_BLOCK_BYTES = 64 * 1024;
function lz4Frame(plain) {
  const parts = [Buffer.from('04224d18604082', 'hex')]; // magic, independent blocks of up to 64 KiB, header checksum
  for (let at = 0; at < plain.length; at += LZ4_BLOCK_BYTES) {
    const block = plain.subarray(at, at + LZ4_BLOCK_BYTES);
    const packed = Buffer.alloc(lz4.compressBound(block.length));
    const length = lz4.compressBlock(block, packed, 0, block.length, new Uint32Array(1 << 16));
    const stored = length === 0 || length >= block.length;
    const size = Buffer.alloc(4);
    size.writeUInt32LE(stored ? (block.length | 0x80000000) >>> 0 : length);
    parts.push(size, stored ? block : packed.subarray(0, length));
  }
  parts.push(Buffer.alloc(4)); // end mark
  return Buffer.concat(parts);
}

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
  // What was printed may still be on its way into the pipe, and exit would drop it.
  () => process.stdout.write("", () => process.exit(0)),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
