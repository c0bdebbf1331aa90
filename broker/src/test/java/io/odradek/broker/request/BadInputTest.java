package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.KafkaServer;
import io.odradek.broker.net.NetworkObserver;
import io.odradek.broker.net.NetworkOptions;
import io.odradek.broker.request.OfferedApis.Offer;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.RequestUtils;
import org.slf4j.LoggerFactory;

/** Whatever is sent: the server answers or closes, says at most one line, and serves everybody else. */
class BadInputTest {

    private static final Map<ApiKeys, ApiHandler> HANDLERS = new EnumMap<>(ApiKeys.class);
    private static final AtomicInteger LINES = new AtomicInteger();
    private static final AppenderBase<ILoggingEvent> COUNTER = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            if (event.getLevel().isGreaterOrEqual(Level.INFO)) {
                LINES.incrementAndGet();
            }
        }
    };

    private static KafkaServer server = start();
    private static Socket bystander = bystander();
    private static int bystanderRequests;

    private static KafkaServer start() {
        for (Offer offer : OfferedApis.all()) {
            HANDLERS.put(
                    offer.api(),
                    (request, reply) -> reply.send(request.api().messageType.newResponse()));
        }
        try {
            KafkaServer started = KafkaServer.bind(
                    List.of(new KafkaServer.Listener("PLAINTEXT", "127.0.0.1", 0, OfferedApis.router(HANDLERS))),
                    NetworkOptions.defaults().withLoops(1),
                    NetworkObserver.NONE);
            started.serve();
            return started;
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
    }

    private static Socket bystander() {
        try {
            return connect();
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
    }

    private static Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port("PLAINTEXT"));
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static Logger serverLog() {
        return (Logger) LoggerFactory.getLogger("io.odradek.broker.net");
    }

    @BeforeContainer
    static void listen() {
        COUNTER.start();
        serverLog().addAppender(COUNTER);
        serverLog().setAdditive(false); // thousands of lines are expected
    }

    @AfterContainer
    static void stop() throws IOException {
        bystander.close();
        server.stop(Duration.ZERO);
        serverLog().setAdditive(true);
        serverLog().detachAppender(COUNTER);
        assertThat(server.receiveMemoryBytes()).isZero();
    }

    /** On one connection all the time: whatever others did, it is answered. */
    private static void theBystanderIsServed() throws IOException {
        int correlation = bystanderRequests++;
        bystander.getOutputStream().write(frame(ApiKeys.API_VERSIONS, (short) 0, correlation, new byte[0]));
        DataInputStream in = new DataInputStream(bystander.getInputStream());
        byte[] response = new byte[in.readInt()];
        in.readFully(response);
        assertThat(ByteBuffer.wrap(response).getInt()).isEqualTo(correlation);
    }

    private static byte[] frame(ApiKeys api, short version, int correlation, byte[] body) {
        RequestHeader header = new RequestHeader(api, version, "fuzz", correlation);
        ByteBuffer headerBytes =
                RequestUtils.serialize(header.data(), header.headerVersion(), new ApiVersionsRequestData(), (short) 0);
        return ByteBuffer.allocate(4 + headerBytes.remaining() + body.length)
                .putInt(headerBytes.remaining() + body.length)
                .put(headerBytes)
                .put(body)
                .array();
    }

    private static void sendAndBeAnsweredOrClosed(byte[] bytes) throws IOException {
        int before = LINES.get();
        try (Socket socket = connect()) {
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
            DataInputStream in = new DataInputStream(socket.getInputStream());
            while (true) {
                in.readFully(new byte[in.readInt()]);
            }
        } catch (EOFException | SocketException closed) {
            assertThat(LINES.get() - before).isLessThanOrEqualTo(1);
        }
    }

    @Property(tries = 300)
    void randomBytes(@ForAll @Size(max = 500) byte[] bytes) throws IOException {
        sendAndBeAnsweredOrClosed(bytes);
        theBystanderIsServed();
    }

    @Property(tries = 300)
    void randomFrames(@ForAll @Size(max = 300) byte[] bytes) throws IOException {
        sendAndBeAnsweredOrClosed(ByteBuffer.allocate(4 + bytes.length)
                .putInt(bytes.length)
                .put(bytes)
                .array());
        theBystanderIsServed();
    }

    @Property(tries = 10)
    void everyApiAndVersionWithARandomBody(@ForAll Random random) throws IOException {
        for (Offer offer : OfferedApis.all()) {
            for (short version = offer.lowest(); version <= offer.highest(); version++) {
                byte[] body = new byte[random.nextInt(120)];
                random.nextBytes(body);
                sendAndBeAnsweredOrClosed(frame(offer.api(), version, 1, body));
            }
        }
        theBystanderIsServed();
    }

    @Property(tries = 10)
    void everyApiAndVersionWithAMutatedBody(@ForAll Random random) throws IOException {
        for (Offer offer : OfferedApis.all()) {
            for (short version = offer.lowest(); version <= offer.highest(); version++) {
                byte[] body = serialised(offer.api().messageType.newRequest(), version);
                for (int i = random.nextInt(4); i >= 0 && body.length > 0; i--) {
                    body[random.nextInt(body.length)] = (byte) random.nextInt();
                }
                byte[] whole = frame(offer.api(), version, 1, body);
                int cut = random.nextInt(5) == 0 ? random.nextInt(whole.length) : whole.length;
                sendAndBeAnsweredOrClosed(java.util.Arrays.copyOf(whole, cut));
            }
        }
        theBystanderIsServed();
    }

    private static byte[] serialised(ApiMessage message, short version) {
        try {
            ByteBuffer bytes =
                    MessageUtil.toByteBufferAccessor(message, version).buffer();
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            return copy;
        } catch (RuntimeException needsMoreThanDefaults) {
            return new byte[16];
        }
    }

    @Example
    void unknownKeysAndVersionsAreClosed() throws IOException {
        for (int key : new int[] {-1, 4, 5, 6, 7, 93, 1000, Short.MAX_VALUE}) {
            byte[] request = ByteBuffer.allocate(14)
                    .putInt(10)
                    .putShort((short) key)
                    .putShort((short) 0)
                    .putInt(9)
                    .putShort((short) -1)
                    .array();
            sendAndBeAnsweredOrClosed(request);
        }
        for (Offer offer : OfferedApis.all()) {
            if (offer.api() != ApiKeys.API_VERSIONS) {
                sendAndBeAnsweredOrClosed(frame(offer.api(), (short) (offer.highest() + 1), 1, new byte[50]));
            }
        }
        sendAndBeAnsweredOrClosed(frame(ApiKeys.PRODUCE, (short) 2, 1, new byte[50]));
        theBystanderIsServed();
    }

    /** An array of millions fits in the frame that is allowed; the objects it would become do not fit in the heap. */
    @Example
    void anArrayOfMillionsIsRefusedBeforeItIsMade() throws IOException {
        int topics = 20_000_000;
        byte[] body = ByteBuffer.allocate(4 + 2 * topics).putInt(topics).array();
        sendAndBeAnsweredOrClosed(frame(ApiKeys.METADATA, (short) 1, 1, body));
        theBystanderIsServed();
    }

    @Property(tries = 20)
    void sizesThatLie(@ForAll int claimed, @ForAll @IntRange(max = 100) int sent) throws IOException {
        sendAndBeAnsweredOrClosed(ByteBuffer.allocate(4 + sent).putInt(claimed).array());
        theBystanderIsServed();
    }
}
