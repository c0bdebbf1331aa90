package io.odradek.broker.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.metadata.MetadataRecordCodec;
import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.FileStore;
import io.odradek.replication.Endpoint;
import io.odradek.replication.controller.MetadataRecord;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.QuorumSettings;
import io.odradek.replication.quorum.ReplicaKey;
import io.odradek.replication.quorum.VoterSet;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.raft.FileQuorumStateStore;
import org.apache.kafka.snapshot.FileRawSnapshotReader;
import org.apache.kafka.snapshot.SnapshotPath;
import org.apache.kafka.snapshot.Snapshots;
import org.apache.kafka.tools.DumpLogSegments;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kafka's own tools and classes read what a server of the quorum leaves. */
class KafkaReadsQuorumFilesTest {

    private static final Endpoint AT = new Endpoint("CONTROLLER", "localhost", 9093, (short) 0);
    private static final UUID TOPIC = new UUID(0x1234, 0x5678);

    /** Keeps the records as they are. */
    private static final class Records implements ReplicatedState {
        private final List<byte[]> all = new ArrayList<>();

        @Override
        public void restore(OffsetAndEpoch snapshot, Batches batches) {
            throw new AssertionError("there is none");
        }

        @Override
        public void apply(long baseOffset, int epoch, List<ByteBuffer> values) {
            values.forEach(value -> {
                byte[] bytes = new byte[value.remaining()];
                value.get(value.position(), bytes);
                all.add(bytes);
            });
        }

        @Override
        public void passed(long lastOffset) {}

        @Override
        public void snapshot(SnapshotWriter writer) throws IOException {
            writer.append(all);
        }

        @Override
        public void leads(int epoch, long from) {}

        @Override
        public void follows(int epoch, int leader) {}
    }

    @Test
    void logSnapshotAndHardStateAreKafkas(@TempDir Path data) throws Exception {
        FileStore store = new DiskFileStore();
        try (LogDirectory directory = LogDirectory.open(store, data, null, 1)) {
            run(store, directory);
        }
        Path log = data.resolve("__cluster_metadata-0");
        Path snapshot = log.resolve("00000000000000000004-0000000001.checkpoint");

        String records = dump(log.resolve("00000000000000000000.log"));
        assertThat(records)
                .contains("LeaderChange")
                .contains("\"type\":\"TOPIC_RECORD\"")
                .contains("\"name\":\"orders\"")
                .contains("\"type\":\"NO_OP_RECORD\"")
                .contains("offset: 4 ");
        assertThat(records.lines().filter(line -> line.contains("isvalid: false")))
                .isEmpty();
        assertThat(dump(snapshot))
                .contains("SnapshotHeader")
                .contains("KRaftVersion")
                .contains("KRaftVoters")
                .contains("\"type\":\"TOPIC_RECORD\"")
                .contains("SnapshotFooter");

        SnapshotPath parsed = Snapshots.parse(snapshot).orElseThrow();
        assertThat(parsed.partial()).isFalse();
        assertThat(parsed.snapshotId().offset()).isEqualTo(4);
        assertThat(parsed.snapshotId().epoch()).isEqualTo(1);
        try (FileRawSnapshotReader reader = FileRawSnapshotReader.open(log, parsed.snapshotId())) {
            assertThat(Snapshots.lastContainedLogTimestamp(reader, new org.apache.kafka.common.utils.LogContext()))
                    .isEqualTo(5_000);
        }
        Optional<org.apache.kafka.raft.ElectionState> state =
                new FileQuorumStateStore(log.resolve("quorum-state").toFile()).readElectionState();
        assertThat(state.orElseThrow().leaderId()).isEqualTo(1);
        assertThat(state.orElseThrow().epoch()).isEqualTo(1);
    }

    private static void run(FileStore store, LogDirectory directory) throws IOException {
        InstantSource clock = InstantSource.fixed(java.time.Instant.ofEpochMilli(5_000));
        LogConfig config = LogConfig.defaults()
                .withDurability(new Durability.Sync())
                .withRetentionMs(-1)
                .withMaxMessageBytes(Integer.MAX_VALUE);
        VoterSet voters = VoterSet.of(
                List.of(new Voter(new ReplicaKey(1, directory.identity().directoryId()), List.of(AT))));
        QuorumHost host = new QuorumHost(
                new QuorumHost.Options(
                        directory.identity().clusterId(),
                        "CONTROLLER",
                        AT,
                        List.of(),
                        new QuorumSettings(1_000, 500, 500, 20, 100),
                        300),
                QuorumStorage.open(store, directory, config, voters, clock),
                new Peers() {
                    @Override
                    public void ask(int to, Request request, int timeoutMs, Outcome outcome) {
                        throw new AssertionError("nobody is there");
                    }

                    @Override
                    public void reachedAt(int server, Endpoint at) {}
                },
                new Records(),
                () -> 1,
                clock,
                1,
                line -> {
                    throw new AssertionError(line);
                });
        host.turn();
        append(host, new MetadataRecord.Topic("orders", TOPIC), new MetadataRecord.NoOp());
        append(host, new MetadataRecord.NoOp());
        host.wantSnapshot();
        host.turn();
        append(host, new MetadataRecord.NoOp());
    }

    private static void append(QuorumHost host, MetadataRecord... records) throws IOException {
        List<byte[]> values = new ArrayList<>();
        for (MetadataRecord record : records) {
            values.add(MetadataRecordCodec.encode(record));
        }
        boolean[] committed = {false};
        host.append(1, values, new QuorumLog.Appended() {
            @Override
            public void committed(long baseOffset) {
                committed[0] = true;
            }

            @Override
            public void failed(boolean mayBeCommitted) {
                throw new AssertionError();
            }
        });
        host.turn();
        assertThat(committed[0]).isTrue();
    }

    private static String dump(Path file) throws IOException {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream out = System.out;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            DumpLogSegments.main(new String[] {"--cluster-metadata-decoder", "--files", file.toString()});
        } finally {
            System.setOut(out);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }
}
