package io.odradek.broker.net;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceDataCollection;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.RequestUtils;

/** A blocking client that writes what it is told, right or wrong. */
final class WireClient implements Closeable {

    private static final int PATIENCE_MS = 20_000;

    private final Socket socket;
    private final DataInputStream in;

    WireClient(int port) throws IOException {
        this(port, -1);
    }

    /** @param receiveBufferBytes small, so that the server soon can't write; -1 for the kernel's choice */
    WireClient(int port, int receiveBufferBytes) throws IOException {
        socket = new Socket();
        if (receiveBufferBytes > 0) {
            socket.setReceiveBufferSize(receiveBufferBytes);
        }
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(PATIENCE_MS);
        in = new DataInputStream(socket.getInputStream());
    }

    void write(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    void write(byte[] bytes, int from, int to) throws IOException {
        socket.getOutputStream().write(bytes, from, to - from);
    }

    /** The next response: correlation id and what follows. */
    ByteBuffer read() throws IOException {
        byte[] frame = new byte[in.readInt()];
        in.readFully(frame);
        return ByteBuffer.wrap(frame);
    }

    /** Reads on until the server closes, and returns how many whole responses came before. */
    int readToEnd() throws IOException {
        int responses = 0;
        try {
            while (true) {
                read();
                responses++;
            }
        } catch (EOFException | SocketException closed) {
            return responses;
        }
    }

    /** Sends nothing more, but still reads. */
    void shutdownOutput() throws IOException {
        socket.shutdownOutput();
    }

    /** Closes without reading what is there: the server gets a reset. */
    void abort() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    static byte[] frame(ApiKeys api, int version, int correlation, ApiMessage body) {
        RequestHeader header = new RequestHeader(api, (short) version, "test", correlation);
        ByteBuffer bytes = RequestUtils.serialize(header.data(), header.headerVersion(), body, (short) version);
        return framed(bytes);
    }

    static byte[] framed(ByteBuffer bytes) {
        return ByteBuffer.allocate(4 + bytes.remaining())
                .putInt(bytes.remaining())
                .put(bytes.duplicate())
                .array();
    }

    static byte[] apiVersions(int correlation) {
        return frame(ApiKeys.API_VERSIONS, 0, correlation, new ApiVersionsRequestData());
    }

    /** A Produce request with {@code records} as they are, one partition each. */
    static byte[] produce(int correlation, byte[]... records) {
        List<PartitionProduceData> partitions = new ArrayList<>();
        for (int i = 0; i < records.length; i++) {
            partitions.add(new PartitionProduceData()
                    .setIndex(i)
                    .setRecords(MemoryRecords.readableRecords(ByteBuffer.wrap(records[i]))));
        }
        TopicProduceDataCollection topics = new TopicProduceDataCollection();
        topics.add(new TopicProduceData().setName("t").setPartitionData(partitions));
        return frame(
                ApiKeys.PRODUCE,
                9,
                correlation,
                new ProduceRequestData().setAcks((short) -1).setTimeoutMs(1000).setTopicData(topics));
    }
}
