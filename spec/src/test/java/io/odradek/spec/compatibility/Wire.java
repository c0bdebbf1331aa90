package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.RequestUtils;

/** A connection on which anything may be said: what a stock client never would, byte by byte. */
final class Wire implements AutoCloseable {
    private static final short PRODUCE_VERSION = 11;
    private static final int TIMEOUT_MS = 30_000;

    private final Socket socket;
    private final DataInputStream in;

    private Wire(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(socket.getInputStream());
    }

    static Wire to(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MS); // an answer that is owed for so long is a failure of its own
        return new Wire(socket);
    }

    /** Size, header and body of a request as a client of this version would send it. */
    static byte[] frame(ApiKeys api, short version, int correlation, Message body) {
        RequestHeader header = new RequestHeader(api, version, "liar", correlation);
        return sized(RequestUtils.serialize(header.data(), header.headerVersion(), body, version));
    }

    /** A true header before a body of any bytes. */
    static byte[] frame(ApiKeys api, short version, int correlation, byte[] body) {
        RequestHeader header = new RequestHeader(api, version, "liar", correlation);
        ByteBuffer head =
                RequestUtils.serialize(header.data(), header.headerVersion(), new ApiVersionsRequestData(), (short) 0);
        return sized(ByteBuffer.allocate(head.remaining() + body.length)
                .put(head)
                .put(body)
                .flip());
    }

    /** The bytes behind their length. */
    static byte[] sized(ByteBuffer bytes) {
        return ByteBuffer.allocate(4 + bytes.remaining())
                .putInt(bytes.remaining())
                .put(bytes)
                .array();
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    /** Half closed: nothing more will be sent, answers are still welcome. */
    void finish() throws IOException {
        socket.shutdownOutput();
    }

    /** The next answer; it must be the one to {@code correlation}. */
    ApiMessage answer(ApiKeys api, short version, int correlation) throws IOException {
        ByteBuffer response = ByteBuffer.wrap(in.readNBytes(in.readInt()));
        assertThat(response.getInt()).as("correlation id").isEqualTo(correlation);
        if (api.responseHeaderVersion(version) > 0) {
            assertThat(response.get()).as("tagged fields").isZero();
        }
        ApiMessage answer = api.messageType.newResponse();
        answer.read(new ByteBufferAccessor(response), version);
        return answer;
    }

    /** Reads to the end of the connection, which must come; the number of answers before it. */
    int answersUntilClosed() throws IOException {
        int answers = 0;
        try {
            while (true) {
                int size = in.readInt();
                assertThat(size).as("size of an answer").isBetween(4, 1 << 20);
                in.readFully(new byte[size]);
                answers++;
            }
        } catch (EOFException | SocketException closed) {
            return answers; // a timeout would have come out
        }
    }

    /** What one connection hears that says {@code bytes} and then no more. */
    static int answersTo(int port, byte[] bytes) throws IOException {
        try (Wire wire = to(port)) {
            try {
                wire.send(bytes);
                wire.finish();
            } catch (SocketException closed) {
                return wire.answersUntilClosed(); // closed before all of it was said
            }
            return wire.answersUntilClosed();
        }
    }

    /** Produces one batch with acks=all, as it is. */
    static Errors produce(int port, String topic, int partition, ByteBuffer batch) throws IOException {
        ProduceRequestData request =
                new ProduceRequestData().setAcks((short) -1).setTimeoutMs(5000);
        request.topicData()
                .add(new ProduceRequestData.TopicProduceData()
                        .setName(topic)
                        .setPartitionData(List.of(new ProduceRequestData.PartitionProduceData()
                                .setIndex(partition)
                                .setRecords(MemoryRecords.readableRecords(batch)))));
        try (Wire wire = to(port)) {
            wire.send(frame(ApiKeys.PRODUCE, PRODUCE_VERSION, 1, request));
            ProduceResponseData answer = (ProduceResponseData) wire.answer(ApiKeys.PRODUCE, PRODUCE_VERSION, 1);
            return Errors.forCode(answer.responses().stream()
                    .findFirst()
                    .orElseThrow()
                    .partitionResponses()
                    .getFirst()
                    .errorCode());
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
