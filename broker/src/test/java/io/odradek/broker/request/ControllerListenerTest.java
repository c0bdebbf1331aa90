package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.odradek.broker.metadata.TestController;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Request;
import io.odradek.broker.net.RequestRouter;
import io.odradek.broker.net.RequestRouter.Route;
import io.odradek.broker.quota.ClientQuotas;
import io.odradek.broker.request.OfferedApis.Offer;
import io.odradek.engine.record.BufferLease;
import java.net.InetAddress;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.common.message.ApiMessageType.ListenerType;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.RequestHeader;
import org.junit.jupiter.api.Test;

/** What is answered at a controller's listener, by the one that is active and by the others. */
class ControllerListenerTest extends HandlerTest {

    private static final Set<ApiKeys> OF_THE_QUORUM = EnumSet.of(
            ApiKeys.FETCH,
            ApiKeys.VOTE,
            ApiKeys.BEGIN_QUORUM_EPOCH,
            ApiKeys.END_QUORUM_EPOCH,
            ApiKeys.DESCRIBE_QUORUM,
            ApiKeys.FETCH_SNAPSHOT,
            ApiKeys.ADD_RAFT_VOTER,
            ApiKeys.REMOVE_RAFT_VOTER,
            ApiKeys.UPDATE_RAFT_VOTER);

    /** Whoever is asked answers these for itself. */
    private static final Set<ApiKeys> OF_EACH = EnumSet.of(ApiKeys.API_VERSIONS, ApiKeys.DESCRIBE_CONFIGS);

    private final ApiHandler quorum =
            (request, reply) -> reply.send(request.api().messageType.newResponse());

    private final RequestRouter router =
            Handlers.controllerRouter(config, controller.host, quorum, new ClientQuotas(() -> 0));

    private ApiMessage ask(ApiKeys api, int version, ApiMessage body) {
        Route route = Objects.requireNonNull(router.route(api));
        OneAnswer answer = new OneAnswer();
        route.handler()
                .handle(
                        new Request(
                                new RequestHeader(api, (short) version, "broker 1", 1),
                                body,
                                BufferLease.UNPOOLED,
                                InetAddress.getLoopbackAddress(),
                                "CONTROLLER",
                                new IdleConnection()),
                        answer);
        return TestController.await(answer.response);
    }

    private Set<Errors> errors(ApiKeys api, int version) {
        ApiMessage response = ask(api, version, ControllerRequests.sample(api, version));
        return AbstractResponse.parseResponse(
                        api, MessageUtil.toByteBufferAccessor(response, (short) version), (short) version)
                .errorCounts()
                .keySet();
    }

    private static List<Offer> ofTheController() {
        return OfferedApis.toControllers().stream()
                .filter(offer -> !OF_THE_QUORUM.contains(offer.api()) && !OF_EACH.contains(offer.api()))
                .toList();
    }

    @Test
    void theActiveOneDecides() {
        assertThat(ofTheController()).hasSize(17);
        for (Offer offer : ofTheController()) {
            for (int version = offer.lowest(); version <= offer.highest(); version++) {
                assertThat(errors(offer.api(), version))
                        .as("%s version %d", offer.api(), version)
                        .doesNotContain(Errors.NOT_CONTROLLER, Errors.UNKNOWN_SERVER_ERROR);
            }
        }
        assertThat(controller.host.image().topic("t7")).isNotNull();
    }

    @Test
    void everyOtherOneSaysThatItIsNotTheController() {
        controller.log.deposed(controller.host);
        await().until(() -> !controller.host.isActive());
        for (Offer offer : ofTheController()) {
            for (int version = offer.lowest(); version <= offer.highest(); version++) {
                assertThat(errors(offer.api(), version))
                        .as("%s version %d", offer.api(), version)
                        .contains(Errors.NOT_CONTROLLER);
            }
        }
    }

    @Test
    void whatIsOfferedIsTold() {
        ApiVersionsResponseData answer = (ApiVersionsResponseData) ask(
                ApiKeys.API_VERSIONS,
                3,
                new ApiVersionsRequestData().setClientSoftwareName("test").setClientSoftwareVersion("1"));
        assertThat(answer.apiKeys())
                .extracting(ApiVersion::apiKey, ApiVersion::minVersion, ApiVersion::maxVersion)
                .containsExactlyElementsOf(OfferedApis.toControllers().stream()
                        .map(offer -> tuple(offer.api().id, offer.lowest(), offer.highest()))
                        .toList());
    }

    @Test
    void offersAreWhatKafkaHasAtTheSameListeners() {
        assertThat(OfferedApis.toControllers())
                .allSatisfy(offer -> assertThat(offer.api().inScope(ListenerType.CONTROLLER))
                        .as(offer.api().name)
                        .isTrue());
        assertThat(OfferedApis.all())
                .allSatisfy(offer -> assertThat(offer.api().inScope(ListenerType.BROKER))
                        .as(offer.api().name)
                        .isTrue());
        // All of those which Kafka passes on and a broker offers here.
        assertThat(OfferedApis.forwarded())
                .isEqualTo(OfferedApis.all().stream()
                        .filter(offer -> offer.api().forwardable)
                        .toList());
        assertThat(OfferedApis.toControllers()).containsAll(OfferedApis.forwarded());
    }
}
