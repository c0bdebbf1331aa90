package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.KafkaServer;
import io.odradek.broker.net.NetworkObserver;
import io.odradek.broker.net.NetworkOptions;
import io.odradek.broker.request.FeatureLevels.Range;
import io.odradek.broker.request.OfferedApis.Offer;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.DescribeClusterResponseData.DescribeClusterBroker;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseBroker;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ApiVersionsResponse;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.RequestUtils;
import org.apache.kafka.common.requests.ResponseHeader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ApiVersionsHandlerTest {

    private static final FeatureLevels FEATURES = new FeatureLevels(
            Map.of(
                    "metadata.version", new Range((short) 7, (short) 30),
                    "kraft.version", new Range((short) 0, (short) 1)),
            Map.of("metadata.version", (short) 30),
            17);

    private final KafkaServer server = start();

    private KafkaServer start() {
        Map<ApiKeys, ApiHandler> handlers = new EnumMap<>(ApiKeys.class);
        for (Offer offer : OfferedApis.all()) {
            handlers.put(
                    offer.api(),
                    (request, reply) -> reply.send(request.api().messageType.newResponse()));
        }
        handlers.put(ApiKeys.API_VERSIONS, new ApiVersionsHandler(() -> FEATURES));
        handlers.put(ApiKeys.METADATA, (request, reply) -> {
            MetadataResponseData response =
                    new MetadataResponseData().setClusterId("one").setControllerId(1);
            response.brokers()
                    .add(new MetadataResponseBroker()
                            .setNodeId(1)
                            .setHost("127.0.0.1")
                            .setPort(port()));
            reply.send(response);
        });
        handlers.put(ApiKeys.DESCRIBE_CLUSTER, (request, reply) -> {
            DescribeClusterResponseData response =
                    new DescribeClusterResponseData().setClusterId("one").setControllerId(1);
            response.brokers()
                    .add(new DescribeClusterBroker()
                            .setBrokerId(1)
                            .setHost("127.0.0.1")
                            .setPort(port()));
            reply.send(response);
        });
        try {
            KafkaServer started = KafkaServer.bind(
                    List.of(new KafkaServer.Listener("PLAINTEXT", "127.0.0.1", 0, OfferedApis.router(handlers))),
                    NetworkOptions.defaults().withLoops(1),
                    NetworkObserver.NONE);
            started.serve();
            return started;
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
    }

    private int port() {
        return server.port("PLAINTEXT");
    }

    @AfterEach
    void stop() {
        server.stop(Duration.ZERO);
    }

    private ApiVersionsResponseData ask(Socket socket, short version, ApiVersionsRequestData body) throws IOException {
        RequestHeader header = new RequestHeader(ApiKeys.API_VERSIONS, version, "test", 11);
        short bodyVersion = (short) Math.min(version, 4);
        ByteBuffer request = RequestUtils.serialize(header.data(), header.headerVersion(), body, bodyVersion);
        socket.getOutputStream()
                .write(ByteBuffer.allocate(4 + request.remaining())
                        .putInt(request.remaining())
                        .put(request)
                        .array());
        DataInputStream in = new DataInputStream(socket.getInputStream());
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        ByteBuffer response = ByteBuffer.wrap(bytes);
        assertThat(ResponseHeader.parse(response, (short) 0).correlationId()).isEqualTo(11);
        ApiVersionsResponseData parsed = ApiVersionsResponse.parse(
                        new ByteBufferAccessor(response), version > 4 ? 0 : version)
                .data();
        assertThat(response.remaining()).isZero();
        return parsed;
    }

    private static ApiVersionsRequestData named() {
        return new ApiVersionsRequestData().setClientSoftwareName("test").setClientSoftwareVersion("1");
    }

    @Test
    void everyVersionIsAnsweredAsKafkasClientReadsIt() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
            for (short version = 0; version <= 4; version++) {
                ApiVersionsResponseData response = ask(socket, version, named());
                assertThat(response.errorCode()).isZero();
                assertThat(response.apiKeys()).hasSize(OfferedApis.all().size());
                ApiVersion produce = response.apiKeys().find(ApiKeys.PRODUCE.id);
                assertThat(produce.minVersion()).isZero();
                assertThat(produce.maxVersion()).isEqualTo((short) 11);
                if (version >= 3) {
                    assertThat(response.finalizedFeaturesEpoch()).isEqualTo(17);
                    assertThat(response.supportedFeatures()
                                    .find("metadata.version")
                                    .maxVersion())
                            .isEqualTo((short) 30);
                    // "omits features with minimum 0 before version 4": KIP-584's clients fail on them
                    assertThat(response.supportedFeatures().find("kraft.version") == null)
                            .isEqualTo(version == 3);
                    assertThat(response.finalizedFeatures()
                                    .find("metadata.version")
                                    .maxVersionLevel())
                            .isEqualTo((short) 30);
                    assertThat(response.finalizedFeatures().find("transaction.version"))
                            .isNull();
                }
            }
        }
    }

    /** KIP-511: "the broker responds with version 0 and UNSUPPORTED_VERSION", and the client asks again. */
    @Test
    void anUnknownVersionIsAnsweredInVersionZeroAndTheConnectionStays() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
            for (short version : new short[] {5, 6, 100, Short.MAX_VALUE}) {
                ApiVersionsResponseData response = ask(socket, version, named());
                assertThat(response.errorCode()).isEqualTo(Errors.UNSUPPORTED_VERSION.code());
                assertThat(response.apiKeys()).hasSize(1);
                assertThat(response.apiKeys().find(ApiKeys.API_VERSIONS.id).maxVersion())
                        .isEqualTo((short) 4);
            }
            assertThat(ask(socket, (short) 4, named()).errorCode()).isZero();
        }
    }

    @Test
    void anUnlawfulSoftwareNameIsAnInvalidRequest() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
            ApiVersionsRequestData body = named().setClientSoftwareName("-no good-");
            assertThat(ask(socket, (short) 3, body).errorCode()).isEqualTo(Errors.INVALID_REQUEST.code());
        }
    }

    @Test
    void kafkasOwnClientConnectsAndAsks() throws Exception {
        Map<String, Object> config = new HashMap<>();
        config.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, "127.0.0.1:" + port());
        config.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, 10_000);
        config.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 20_000);
        try (Admin admin = Admin.create(config)) {
            assertThat(admin.describeCluster().clusterId().get(20, TimeUnit.SECONDS))
                    .isEqualTo("one");
            assertThat(admin.describeFeatures()
                            .featureMetadata()
                            .get(20, TimeUnit.SECONDS)
                            .finalizedFeatures())
                    .containsOnlyKeys("metadata.version");
        }
    }

    @Test
    void aHandlerForEachOfferAndAnOfferForEachHandler() {
        Map<ApiKeys, ApiHandler> none = new EnumMap<>(ApiKeys.class);
        assertThatThrownBy(() -> OfferedApis.router(none)).hasMessageContaining("has no handler");
        for (Offer offer : OfferedApis.all()) {
            none.put(offer.api(), (request, reply) -> reply.nothing());
        }
        none.put(ApiKeys.END_TXN, (request, reply) -> reply.nothing());
        assertThatThrownBy(() -> OfferedApis.router(none)).hasMessageContaining("END_TXN");
    }

    @Test
    void offersAreWithinTheStableSchemasAndWholeFromTheLowestVersionOn() {
        assertThat(OfferedApis.all()).allSatisfy(offer -> {
            assertThat(offer.lowest()).isEqualTo(offer.api().messageType.lowestSupportedVersion());
            assertThat(offer.highest())
                    .isLessThanOrEqualTo(offer.api().messageType.highestSupportedVersion(false));
            boolean whole = offer.highest() == offer.api().messageType.highestSupportedVersion(true)
                    && offer.listedLowest() == offer.lowest();
            assertThat(whole || !offer.note().isEmpty())
                    .as("%s says why not all of it is offered", offer.api())
                    .isTrue();
        });
    }
}
