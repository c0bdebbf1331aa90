package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageUtil;

/**
 * Requests of every kind that a broker offers, with some of their bytes changed or none of them right, sent to a broker as its
 * users run it: answered or closed, without a word from the broker beyond its refusals, and without disturbing a bystander. jqwik
 * prints the seed, which {@code @Property(seed = "...")} repeats.
 */
class BadInputFuzzTest {
    /** What these ask for may lawfully take as long as the bytes happen to say. */
    private static final Set<ApiKeys> MAY_WAIT = EnumSet.of(ApiKeys.FETCH, ApiKeys.JOIN_GROUP, ApiKeys.SYNC_GROUP);

    @SuppressWarnings("NullAway.Init") // by start()
    private static Path data;

    @SuppressWarnings("NullAway.Init") // by start()
    private static BrokerProcess broker;

    @SuppressWarnings("NullAway.Init") // by start()
    private static Bystander bystander;

    @SuppressWarnings("NullAway.Init") // by start()
    private static List<ApiVersion> offers;

    @BeforeContainer
    static void start() throws Exception {
        data = Files.createTempDirectory("fuzz");
        broker = BrokerProcess.start(data, 0, Map.of("odradek.metrics.port", "-1"));
        bystander = new Bystander(broker.bootstrap(), "good");
        try (Wire wire = Wire.to(broker.port())) {
            wire.send(Wire.frame(ApiKeys.API_VERSIONS, (short) 0, 1, new ApiVersionsRequestData()));
            offers = List.copyOf(((ApiVersionsResponseData) wire.answer(ApiKeys.API_VERSIONS, (short) 0, 1)).apiKeys());
        }
    }

    @AfterContainer
    static void stop() throws Exception {
        bystander.close();
        assertThat(broker.stop()).as(broker.output()).isTrue();
        try (var files = Files.walk(data)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @AfterProperty
    void othersAreServedAndTheBrokerFoundNothingWrongWithItself() {
        bystander.expectServed();
        assertThat(broker.output().lines()).noneMatch(line -> line.contains(" ERROR ") || line.startsWith("\tat "));
    }

    private static void answeredOrClosed(byte[] bytes, boolean mayWait) throws IOException {
        if (!mayWait) {
            Wire.answersTo(broker.port(), bytes); // fails when neither happens
            return;
        }
        try (Wire wire = Wire.to(broker.port())) {
            wire.send(bytes); // and gone, whatever it waits for
        } catch (SocketException closed) {
            assertThat(closed).isNotNull();
        }
    }

    @Property(tries = 200)
    void randomBytes(@ForAll @Size(max = 500) byte[] bytes) throws IOException {
        answeredOrClosed(bytes, false);
    }

    @Property(tries = 200)
    void randomFrames(@ForAll @Size(max = 300) byte[] bytes) throws IOException {
        answeredOrClosed(Wire.sized(ByteBuffer.wrap(bytes)), false);
    }

    @Property(tries = 3)
    void everyApiAndVersionWithARandomBody(@ForAll Random random) throws IOException {
        for (ApiVersion offer : offers) {
            ApiKeys api = ApiKeys.forId(offer.apiKey());
            for (short version = offer.minVersion(); version <= offer.maxVersion(); version++) {
                byte[] body = new byte[random.nextInt(120)];
                random.nextBytes(body);
                answeredOrClosed(frame(api, version, body), MAY_WAIT.contains(api));
            }
        }
    }

    @Property(tries = 5)
    void everyApiAndVersionWithAMutatedBody(@ForAll Random random) throws IOException {
        for (ApiVersion offer : offers) {
            ApiKeys api = ApiKeys.forId(offer.apiKey());
            for (short version = offer.minVersion(); version <= offer.maxVersion(); version++) {
                byte[] body = serialised(api.messageType.newRequest(), version);
                for (int changes = random.nextInt(4); changes >= 0 && body.length > 0; changes--) {
                    body[random.nextInt(body.length)] = (byte) random.nextInt();
                }
                byte[] whole = frame(api, version, body);
                boolean cut = random.nextInt(5) == 0;
                answeredOrClosed(
                        cut ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole, MAY_WAIT.contains(api));
            }
        }
    }

    /** Produce is offered below the versions that Kafka's own classes can write; its header is the same there. */
    private static byte[] frame(ApiKeys api, short version, byte[] body) {
        return Wire.frame(api, version < api.oldestVersion() ? api.oldestVersion() : version, 1, body);
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
}
