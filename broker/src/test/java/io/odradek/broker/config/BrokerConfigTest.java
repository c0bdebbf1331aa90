package io.odradek.broker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BrokerConfigTest {

    private static BrokerConfig with(String... keysAndValues) {
        Map<String, String> settings = new HashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            settings.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return BrokerConfig.builtIn(settings);
    }

    @Test
    void withoutAFileOneNodeServesOnPort9092WithItsDataBesideIt() {
        BrokerConfig config = with();
        assertThat(config.nodeId()).isEqualTo(1);
        assertThat(config.listeners()).containsExactly(new Listener("PLAINTEXT", SecurityProtocol.PLAINTEXT, "", 9092));
        assertThat(config.advertisedListeners())
                .containsExactly(new Listener("PLAINTEXT", SecurityProtocol.PLAINTEXT, "localhost", 9092));
        assertThat(config.logDirectories()).containsExactly(Path.of("./data"));
        assertThat(config.intValue("offsets.topic.replication.factor")).isEqualTo(1);
        assertThat(config.metricsPort()).isEqualTo(-1);
        assertThat(config.withoutEffect()).isEmpty();
    }

    @Test
    void theFileThatKafkaShipsIsAccepted() {
        BrokerConfig config = BrokerConfig.of(Map.ofEntries(
                Map.entry("process.roles", "broker,controller"),
                Map.entry("node.id", "1"),
                Map.entry("controller.quorum.bootstrap.servers", "localhost:9093"),
                Map.entry("listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"),
                Map.entry("inter.broker.listener.name", "PLAINTEXT"),
                Map.entry("advertised.listeners", "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093"),
                Map.entry("controller.listener.names", "CONTROLLER"),
                Map.entry(
                        "listener.security.protocol.map",
                        "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL"),
                Map.entry("num.network.threads", "3"),
                Map.entry("num.io.threads", "8"),
                Map.entry("socket.send.buffer.bytes", "102400"),
                Map.entry("socket.receive.buffer.bytes", "102400"),
                Map.entry("socket.request.max.bytes", "104857600"),
                Map.entry("log.dirs", "/tmp/kraft-combined-logs"),
                Map.entry("num.partitions", "1"),
                Map.entry("num.recovery.threads.per.data.dir", "1"),
                Map.entry("offsets.topic.replication.factor", "1"),
                Map.entry("share.coordinator.state.topic.replication.factor", "1"),
                Map.entry("share.coordinator.state.topic.min.isr", "1"),
                Map.entry("transaction.state.log.replication.factor", "1"),
                Map.entry("transaction.state.log.min.isr", "1"),
                Map.entry("log.retention.hours", "168"),
                Map.entry("log.segment.bytes", "1073741824"),
                Map.entry("log.retention.check.interval.ms", "300000")));
        assertThat(config.listeners()).extracting(Listener::name).containsExactly("PLAINTEXT");
        assertThat(config.controllerListeners()).extracting(Listener::port).containsExactly(9093);
        assertThat(config.advertisedListeners()).extracting(Listener::name).containsExactly("PLAINTEXT");
        assertThat(config.withoutEffect()).contains("num.io.threads").doesNotContain("log.dirs");
        assertThat(with("transaction.state.log.min.isr", "2").withoutEffect())
                .containsExactly("transaction.state.log.min.isr");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        min.insync.replica             | 2                      | no such key; did you mean min.insync.replicas?
        zookeeper.connect              | localhost              | no such key; allowed: Kafka 4.3's broker keys and those under odradek.
        odradek.durabilty              | sync                   | no such key; did you mean odradek.durability?
        log.segment.bytes              | abc                    | not a whole number (32 bits); allowed: a whole number (32 bits) of [1048576,...]
        log.segment.bytes              | 5000000000             | not a whole number (32 bits)
        log.segment.bytes              | 100                    | not allowed; allowed: a whole number (32 bits) of [1048576,...]
        auto.create.topics.enable      | yes                    | not true or false
        compression.type               | brotli                 | allowed: a text of [uncompressed, zstd, lz4, snappy, gzip, producer]
        odradek.durability             | interval:0             | allowed: a text of [sync, page-cache, interval:<ms>]
        odradek.ring.slots             | 1000                   | a power of two
        compression.gzip.level         | 0                      | [1,...,9] or -1
        log.retention.ms               | 0                      | allowed: -1 (for ever) or at least 1
        num.io.threads                 | 0                      | [1,...]
        listeners                      | PLAINTEXT:9092         | not understood; allowed: NAME://host:port
        listeners                      | PLAINTEXT://:70000     | not understood
        listeners                      | SSL://:9092            | SSL is not supported yet; allowed: PLAINTEXT
        listeners                      | SASL_PLAINTEXT://:9092 | SASL_PLAINTEXT is not supported yet
        listeners                      | OTHER://:9092          | listener.security.protocol.map has no protocol for OTHER
        listeners                      | PLAINTEXT://:1,PLAINTEXT://:2 | each name once
        advertised.listeners           | OTHER://h:1            | has no protocol for OTHER
        advertised.listeners           | PLAINTEXT://0.0.0.0:9092 | nobody can connect to 0.0.0.0
        inter.broker.listener.name     | INTERNAL               | no such listener; allowed: [PLAINTEXT]
        process.roles                  | broker,king            | [broker, controller]
        controller.quorum.voters       | 2@a:1,3@b:2            | with node.id=1 among them
        broker.heartbeat.interval.ms   | 501                    | at most 1/2 of broker.session.timeout.ms=1000
        replica.fetch.wait.max.ms      | 30001                  | at most replica.lag.time.max.ms=30000
        replica.selector.class         | com.example.Nearest    | RackAwareReplicaSelector
        controller.quorum.voters       | one@a:1                | id@host:port
        controller.quorum.voters       | 1@a:0                  | id@host:port
        controller.quorum.voters       | 1@a:1,1@b:1            | each id once
        controller.quorum.bootstrap.servers | a               | host:port
        controller.listener.names      | CONTROLLER             | in listeners
        authorizer.class.name          | org.apache.kafka.metadata.authorizer.StandardAuthorizer | not supported yet
        remote.log.storage.system.enable | true                 | tiered storage is not supported
        broker.id                      | 5                      | differs from node.id=1
        node.id                        | -1                     | [0,...]
        log.dirs                       | /a,/a                  | each once
        default.replication.factor     | 0                      | at least 1
        max.connections.per.ip         | 0                      | nobody could connect
        max.connections.per.ip.overrides | 127.0.0.1            | is not understood; allowed: address:count
        max.connections.per.ip.overrides | 127.0.0.1:many       | is not understood
        max.connections.per.ip.overrides | a/b:3                | is not understood
        max.connections.per.ip.overrides | host:1,host:2        | each address once
        odradek.recent.bytes           | -1                     | [0,...
        odradek.pipelined.requests     | 0                      | [1,...
        odradek.recovery.bytes         | 1000                   | [1048576,...
        odradek.sync.strategy          | journals               | journal
        odradek.journal.bytes          | 4096                   | 0 or in [1048576,...,1073741824]
        """)
    void refusalsNameKeyValueAndWhatIsAllowed(String key, String value, String reason) {
        assertThatThrownBy(() -> with(key, value))
                .isInstanceOf(BrokerConfigException.class)
                .satisfies(e -> assertThat(((BrokerConfigException) e).problems())
                        .anySatisfy(problem -> assertThat(problem)
                                .startsWith(key + "=")
                                .contains(value.substring(value.lastIndexOf(',') + 1))
                                .contains(reason)));
    }

    @Test
    void countsForSingleAddressesFollowTheLastColon() {
        assertThat(with("max.connections.per.ip", "0", "max.connections.per.ip.overrides", "127.0.0.1:5, ::1:6 ,h:0")
                        .connectionOverrides())
                .containsExactly(Map.entry("127.0.0.1", 5), Map.entry("::1", 6), Map.entry("h", 0));
        assertThat(with().connectionOverrides()).isEmpty();
    }

    /** What DescribeConfigs tells as the default is what runs. */
    @Test
    void networkLoopsAreHalfTheProcessorsButAtLeastOneAndAtMostKafkas() {
        int half = Runtime.getRuntime().availableProcessors() / 2;
        assertThat(with().networkThreads()).isEqualTo(Math.clamp(half, 1, 3));
        assertThat(with("num.network.threads", "7").networkThreads()).isEqualTo(7);
    }

    @Test
    void aShardHasAJournalOnlyWhereASyncMayUseIt() {
        assertThat(with().journalHalfBytes()).isEqualTo(32L << 20);
        assertThat(with("odradek.sync.strategy", "syncfs").journalHalfBytes()).isZero();
        assertThat(with("odradek.journal.bytes", "0").journalHalfBytes()).isZero();
        assertThatThrownBy(() -> with("odradek.sync.strategy", "journal", "odradek.journal.bytes", "0"))
                .isInstanceOf(BrokerConfigException.class)
                .hasMessageContaining("odradek.journal.bytes=0");
    }

    @Test
    void everyProblemIsToldAtOnce() {
        assertThatThrownBy(() -> with("num.partitions", "0", "min.insync.replica", "2", "num.network.threads", "x"))
                .satisfies(
                        e -> assertThat(((BrokerConfigException) e).problems()).hasSize(3));
    }

    @Test
    void passwordsAreNotShown() {
        assertThatThrownBy(() -> with("delegation.token.secret.key", "hunter2"))
                .hasMessageNotContaining("hunter2")
                .hasMessageContaining("delegation.token.secret.key");
    }

    @Test
    void timesInSeveralUnitsFollowKafkasPrecedence() {
        assertThat(retention(with("log.retention.hours", "2"))).isEqualTo(2 * 3_600_000L);
        assertThat(retention(with("log.retention.hours", "2", "log.retention.minutes", "3")))
                .isEqualTo(180_000L);
        assertThat(retention(with("log.retention.minutes", "3", "log.retention.ms", "4")))
                .isEqualTo(4L);
        assertThat(retention(with("log.retention.hours", "-1"))).isEqualTo(-1L);
    }

    private static long retention(BrokerConfig config) {
        return new TopicConfigs(config).logConfig(Map.of()).retentionMs();
    }

    @Test
    void severalListenersOfOneKindAreTold() {
        BrokerConfig config = with(
                "listeners", "IN://10.0.0.1:9092,OUT://[::1]:9094",
                "listener.security.protocol.map", "IN:PLAINTEXT,OUT:PLAINTEXT",
                "advertised.listeners", "OUT://example.org:19094,IN://10.0.0.1:9092");
        assertThat(config.listeners()).extracting(Listener::host).containsExactly("10.0.0.1", "::1");
        assertThat(config.advertisedListeners()).extracting(Listener::name).isEqualTo(List.of("OUT", "IN"));
        assertThat(config.interBrokerListener()).isEqualTo("IN");
    }
}
