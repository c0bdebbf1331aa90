package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.odradek.spec.compatibility.Client.Entry;
import io.odradek.spec.compatibility.Client.Fetched;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Real logs through clients in three languages, each codec, keyed and not, and back through the other two. */
final class StockClientsTest {
    private static final List<String> FILES =
            List.of("Apache_2k.log", "HDFS_2k.log", "Linux_2k.log", "OpenSSH_2k.log", "Zookeeper_2k.log");
    private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");

    @TempDir
    static Path data;

    @SuppressWarnings("NullAway.Init") // by start()
    private static BrokerProcess broker;

    @BeforeAll
    static void start() throws IOException {
        broker = BrokerProcess.start(data.resolve("broker"), 0, Map.of("group.initial.rebalance.delay.ms", "0"));
    }

    @AfterAll
    static void stop() throws InterruptedException {
        assertThat(broker.stop()).as(broker.output()).isTrue();
    }

    record Case(Client producer, String codec, String file, int partitions, boolean keyed) {
        String topic() {
            return (producer + "-" + codec + "-" + partitions + (keyed ? "-keyed" : ""))
                    .toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** Every client with every codec; files, partition counts and keys rotate, so that each meets each client. */
    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (Client producer : Client.values()) {
            for (String codec : CODECS) {
                int n = cases.size();
                cases.add(new Case(producer, codec, FILES.get((n + n / 5) % 5), n % 2 == 0 ? 6 : 1, n / 2 % 2 == 0));
            }
        }
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void everyLineComesBackByteForByteAndInOrder(Case each)
            throws IOException, InterruptedException, ExecutionException {
        for (Client client : Client.values()) {
            if (System.getenv("CI") != null) {
                assertThat(client.isInstalled()).as(client + " is installed").isTrue();
            }
        }
        assumeTrue(each.producer().isInstalled(), each.producer() + " is not installed");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
            admin.createTopics(List.of(new NewTopic(each.topic(), each.partitions(), (short) 1)))
                    .all()
                    .get();
        }
        List<Entry> sent = entries(each.file(), each.keyed());

        each.producer().produce(broker.bootstrap(), each.topic(), each.codec(), sent);

        Client inGroup = each.producer().next();
        Client alone = inGroup.next();
        if (inGroup.isInstalled()) {
            expectSame(
                    sent,
                    inGroup.consume(broker.bootstrap(), each.topic(), Optional.of("g-" + each.topic()), sent.size()));
        }
        if (alone.isInstalled()) {
            expectSame(sent, alone.consume(broker.bootstrap(), each.topic(), Optional.empty(), sent.size()));
        }
    }

    private static void expectSame(List<Entry> sent, List<Fetched> fetched) {
        Map<Integer, List<Fetched>> byPartition =
                fetched.stream().collect(Collectors.groupingBy(Fetched::partition, TreeMap::new, Collectors.toList()));
        byPartition.forEach((partition, records) -> {
            assertThat(records)
                    .as("partition %s", partition)
                    .isSortedAccordingTo(Comparator.comparingLong(Fetched::offset));
            assertThat(records.getFirst().offset()).isZero();
            assertThat(records.getLast().offset()).isEqualTo(records.size() - 1L);
            assertThat(sent)
                    .as("partition %s holds its lines in the order sent", partition)
                    .containsSubsequence(records.stream().map(Fetched::entry).toList());
        });
        assertThat(fetched.stream().map(Fetched::entry).toList()).containsExactlyInAnyOrderElementsOf(sent);
    }

    /** Split where every producer splits: at line feeds, and at the carriage returns that Java's line readers take for one. */
    private static List<Entry> entries(String file, boolean keyed) throws IOException {
        String text = Files.readString(Path.of("src/test/resources/loghub", file), StandardCharsets.ISO_8859_1);
        List<Entry> entries = new ArrayList<>();
        for (String line : Arrays.stream(text.split("[\r\n]+", -1))
                .filter(l -> !l.isEmpty())
                .toList()) {
            entries.add(new Entry(keyed ? String.format("%05d", entries.size()) : null, line));
        }
        assertThat(entries).hasSizeGreaterThanOrEqualTo(2_000);
        return entries;
    }
}
