package io.odradek.spec.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code kill -9} at random moments under load from one idempotent producer that lives through all of it. The lives of
 * the broker sync in turn as they come to like, in a journal, which the next life has to replay, and file by file. More rounds with
 * {@code -Dodradek.kills=N}; the moments come from {@code -Dodradek.seed=N}.
 */
final class KillTest {
    private static final int PARTITIONS = 4;
    private static final int KILLS = Integer.getInteger("odradek.kills", 20);
    private static final List<String> STRATEGIES = List.of("auto", "journal", "fdatasync");

    private static final long SEED = Long.getLong("odradek.seed", System.nanoTime());

    @TempDir
    Path data;

    @Test
    void everyAcknowledgedRecordIsThereExactlyOnceInOrderAfterTwentyKills() throws Exception {
        System.out.println("KillTest: seed " + SEED
                + "; repeat with ./odradek test -pl spec -am -Dtest=KillTest -Dodradek.seed=" + SEED);
        Random random = new Random(SEED);
        BrokerProcess broker = BrokerProcess.start(data, 0, life(0));
        int port = broker.port();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
            admin.createTopics(List.of(new NewTopic("killed", PARTITIONS, (short) 1)))
                    .all()
                    .get();
        }
        NumberedLoad load = new NumberedLoad(broker.bootstrap(), "killed", PARTITIONS);
        int replays = 0;
        try {
            for (int kill = 0; kill < KILLS; kill++) {
                // a moment is a number of acknowledgements, so that load flows before each kill, plus some microseconds
                load.awaitAcknowledged(load.acknowledged() + 200 + random.nextInt(2_000));
                LockSupport.parkNanos(random.nextInt(3_000_000));
                broker.kill();
                broker = BrokerProcess.start(data, port, life(kill + 1));
                boolean replayed = broker.output().contains("groups from journals");
                switch (strategy(kill)) {
                    case "journal" -> replays += replayed ? 1 : 0;
                    case "fdatasync" -> assertThat(replayed).as(broker.output()).isFalse();
                    default -> {} // both happens
                }
            }
            load.awaitAcknowledged(load.acknowledged() + 1_000);
            load.stop();
            load.check();
            assertThat(broker.stop()).as(broker.output()).isTrue();
        } finally {
            load.close();
            broker.close();
        }
        System.out.println("KillTest: " + KILLS + " kills, " + load.acknowledged()
                + " acknowledged records, none lost, none doubled; " + replays + " journals replayed");
        assertThat(replays)
                .as("journals replayed: a kill finds one where the group before it was not drained yet")
                .isPositive();
    }

    private static String strategy(int life) {
        return STRATEGIES.get(life % STRATEGIES.size());
    }

    private static Map<String, String> life(int n) {
        return Map.of(
                "log.segment.bytes",
                "1048576",
                "odradek.sync.strategy",
                strategy(n),
                "odradek.journal.bytes", // so small that its halves take turns
                "1048576");
    }
}
