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
import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.HardState;
import io.odradek.replication.quorum.ReplicaKey;
import io.odradek.replication.quorum.VoterSet;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.net.InetAddress;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.common.message.ApiMessageType.ListenerType;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.DescribeClusterResponseData.DescribeClusterBroker;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.RequestHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
    private static final Set<ApiKeys> OF_EACH =
            EnumSet.of(ApiKeys.API_VERSIONS, ApiKeys.DESCRIBE_CONFIGS, ApiKeys.DESCRIBE_CLUSTER);

    private final ApiHandler quorum =
            (request, reply) -> reply.send(request.api().messageType.newResponse());

    /** Voter 3 is nowhere to be found from here. */
    private static final VoterSet VOTERS = VoterSet.of(List.of(
            voter(1, new Endpoint("CONTROLLER", "one", 9093, (short) 0)),
            voter(
                    2,
                    new Endpoint("INNER", "two.inner", 9094, (short) 0),
                    new Endpoint("CONTROLLER", "two", 9095, (short) 0)),
            voter(3, new Endpoint("INNER", "three.inner", 9096, (short) 0))));

    private static Voter voter(int id, Endpoint... endpoints) {
        return new Voter(new ReplicaKey(id, new UUID(0, id)), List.of(endpoints));
    }

    private VoterSet voters = VOTERS;

    private final RequestRouter router =
            Handlers.controllerRouter(config, controller.host, quorum, () -> voters, new ClientQuotas(() -> 0));

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

    private DescribeClusterResponseData describe(int version, int endpointType) {
        return (DescribeClusterResponseData) ask(
                ApiKeys.DESCRIBE_CLUSTER,
                version,
                new DescribeClusterRequestData()
                        .setEndpointType((byte) endpointType)
                        .setIncludeClusterAuthorizedOperations(true)
                        .setIncludeFencedBrokers(version > 1));
    }

    /** An answer without nodes would leave Kafka's client with nobody to ask, for good. */
    @Test
    void whoKnowsNobodyYetSaysSoInsteadOfNamingNobody() {
        voters = VoterSet.NONE;
        assertThat(Errors.forCode(describe(2, 2).errorCode())).isEqualTo(Errors.BROKER_NOT_AVAILABLE);
    }

    /** KIP-919: "the response will contain the controllers, and the id of the active one". */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void controllersTellOfTheControllersThatAreReachedAtTheirListener(int version) {
        DescribeClusterResponseData response = describe(version, 2);
        assertThat(response.errorCode()).isZero();
        assertThat(response.clusterId()).isEqualTo("test-cluster");
        assertThat(response.endpointType()).isEqualTo((byte) 2);
        assertThat(response.controllerId()).isEqualTo(1);
        assertThat(response.brokers())
                .extracting(
                        DescribeClusterBroker::brokerId,
                        DescribeClusterBroker::host,
                        DescribeClusterBroker::port,
                        DescribeClusterBroker::rack,
                        DescribeClusterBroker::isFenced)
                .containsExactlyInAnyOrder(tuple(1, "one", 9093, null, false), tuple(2, "two", 9095, null, false));
        assertThat(response.clusterAuthorizedOperations()).isNotEqualTo(Integer.MIN_VALUE);
    }

    @Test
    void whoIsActiveIsToldOnlyWithAWayToIt() {
        controller.host.follows(2, 2);
        assertThat(describe(1, 2).controllerId()).isEqualTo(2);
        controller.host.follows(3, 3);
        assertThat(describe(1, 2).controllerId()).isEqualTo(-1);
        controller.host.follows(4, HardState.NOBODY);
        assertThat(describe(1, 2).controllerId()).isEqualTo(-1);
    }

    /** Version 0 has no types, and no errors for them. */
    @ParameterizedTest
    @CsvSource({
        "0, 1, INVALID_REQUEST",
        "1, 1, MISMATCHED_ENDPOINT_TYPE",
        "2, 1, MISMATCHED_ENDPOINT_TYPE",
        "1, 0, UNSUPPORTED_ENDPOINT_TYPE",
        "2, 7, UNSUPPORTED_ENDPOINT_TYPE"
    })
    void whoAsksForBrokersHasComeToTheWrongPlace(int version, int endpointType, Errors error) {
        DescribeClusterResponseData response = describe(version, endpointType);
        assertThat(Errors.forCode(response.errorCode())).isEqualTo(error);
        assertThat(response.errorMessage())
                .isEqualTo(
                        endpointType == 1
                                ? "The request was sent to an endpoint of type CONTROLLER, but we wanted an endpoint"
                                        + " of type BROKER"
                                : "Unsupported endpoint type " + endpointType);
        assertThat(response.brokers()).isEmpty();
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
