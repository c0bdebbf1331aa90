package io.odradek.broker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a node is told of the quorum, checked as Kafka checks it (KafkaConfig of 4.3, and {@code config/server.properties}). */
class QuorumConfigTest {

    private static final Map<String, String> CONTROLLER = Map.of(
            "process.roles", "controller",
            "node.id", "1",
            "listeners", "CONTROLLER://127.0.0.1:9093",
            "controller.listener.names", "CONTROLLER",
            "listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "controller.quorum.voters", "1@127.0.0.1:9093,2@127.0.0.1:9094,3@[::1]:9095");

    private static BrokerConfig with(Map<String, String> base, String... changes) {
        Map<String, String> settings = new HashMap<>(base);
        for (int i = 0; i < changes.length; i += 2) {
            settings.put(changes[i], changes[i + 1]);
        }
        return BrokerConfig.of(settings);
    }

    @Test
    void aBrokerThatIsToldNothingIsAlone() {
        QuorumConfig quorum = BrokerConfig.builtIn(Map.of()).quorum();
        assertThat(quorum.isBroker()).isTrue();
        assertThat(quorum.isController()).isTrue();
        assertThat(quorum.alone()).isTrue();
        assertThat(quorum.settings().fetchTimeoutMs()).isEqualTo(2_000);
        assertThat(quorum.settings().electionTimeoutMs()).isEqualTo(1_000);
        assertThat(quorum.settings().electionBackoffMaxMs()).isEqualTo(1_000);
        assertThat(quorum.settings().retryBackoffMs()).isEqualTo(20);
        assertThat(quorum.settings().fetchMaxWaitMs()).isEqualTo(500);
        assertThat(quorum.requestTimeoutMs()).isEqualTo(2_000);
    }

    /** As in the file that Kafka ships: the quorum is found at the node's own listener. */
    @Test
    void whoIsNamedAloneIsAlone() {
        Map<String, String> both = Map.of(
                "process.roles", "broker,controller",
                "listeners", "PLAINTEXT://:9092,CONTROLLER://:9093",
                "controller.listener.names", "CONTROLLER",
                "listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT");
        assertThat(with(both, "controller.quorum.bootstrap.servers", "localhost:9093")
                        .quorum()
                        .alone())
                .isTrue();
        assertThat(with(both, "controller.quorum.voters", "1@somewhere:9093")
                        .quorum()
                        .alone())
                .isTrue();
        for (String others : List.of("localhost:9094", "other:9093", "localhost:9093,other:9093")) {
            assertThat(with(both, "controller.quorum.bootstrap.servers", others)
                            .quorum()
                            .alone())
                    .as(others)
                    .isFalse();
        }
    }

    @Test
    void votersSayWhereServersAreReached() {
        QuorumConfig quorum = with(CONTROLLER).quorum();
        assertThat(quorum.isBroker()).isFalse();
        assertThat(quorum.alone()).isFalse();
        assertThat(quorum.listener()).isEqualTo("CONTROLLER");
        assertThat(quorum.voters())
                .extracting(QuorumConfig.Voter::address)
                .containsExactly(
                        new QuorumConfig.Address("127.0.0.1", 9093),
                        new QuorumConfig.Address("127.0.0.1", 9094),
                        new QuorumConfig.Address("[::1]", 9095));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
        controller.quorum.voters   | 2@127.0.0.1:9094                    | controller.quorum.voters=2@127.0.0.1:9094: this node is a controller
        controller.quorum.voters   | 1:127.0.0.1:9094                    | id@host:port
        controller.quorum.voters   | 1@127.0.0.1:70000                   | id@host:port
        controller.listener.names  | OTHER                               | controller.listener.names=OTHER: allowed: at least one name that is in listeners
        controller.listener.names  | ''                                  | controller.listener.names=: allowed: at least one name
        listeners                  | CONTROLLER://:9093,PLAINTEXT://:9092 | a node that is no broker opens
        controller.quorum.election.timeout.ms | -1                       | [0,...
        controller.quorum.request.timeout.ms  | soon                     | a whole number
        metadata.log.segment.bytes | 1000                                | [8388608,...
        metadata.log.max.record.bytes.between.snapshots | 0              | [1,...
        """)
    void whatKafkaRefusesIsRefused(String key, String value, String reason) {
        assertThatThrownBy(() -> with(CONTROLLER, key, value))
                .isInstanceOf(BrokerConfigException.class)
                .satisfies(e -> assertThat(((BrokerConfigException) e).problems())
                        .anySatisfy(problem -> assertThat(problem).contains(reason)));
    }
}
