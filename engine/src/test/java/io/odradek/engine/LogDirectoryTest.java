package io.odradek.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.io.DelegatingFile;
import io.odradek.engine.io.DelegatingFileStore;
import io.odradek.engine.io.DirectoryLockedException;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogDirectoryTest {
    private final DiskFileStore store = new DiskFileStore();

    @TempDir
    Path root;

    private LogDirectory open(String cluster, int node) throws IOException {
        return LogDirectory.open(store, root.resolve("d"), cluster, node);
    }

    private static TopicPartition partition(String topic, int number) {
        return new TopicPartition(topic, new UUID(topic.hashCode(), 1), number);
    }

    @Test
    void anEmptyDirectoryIsFormattedOnce() throws Exception {
        LogDirectory.Identity made;
        try (LogDirectory directory = LogDirectory.open(store, root.resolve("a/b/c"), null, 3)) {
            made = directory.identity();
            assertThat(made.nodeId()).isEqualTo(3);
            assertThat(made.clusterId()).hasSize(22);
        }
        try (LogDirectory directory = LogDirectory.open(store, root.resolve("a/b/c"), null, 3)) {
            assertThat(directory.identity()).isEqualTo(made);
        }
    }

    @Test
    void anotherClustersOrNodesDirectoryIsRefused() throws Exception {
        open("cluster-one", 1).close();
        assertThatThrownBy(() -> open("cluster-two", 1))
                .hasMessageContaining("belongs to cluster cluster-one, this broker to cluster cluster-two");
        assertThatThrownBy(() -> open("cluster-one", 2)).hasMessageContaining("belongs to node 1, this is node 2");
        open("cluster-one", 1).close(); // and a refusal holds no lock
    }

    @Test
    void foreignFilesAreNotFormattedOver() throws Exception {
        Files.createDirectories(root.resolve("d"));
        Files.writeString(root.resolve("d/thesis.tex"), "x");
        assertThatThrownBy(() -> open("any", 1)).hasMessageContaining("thesis.tex");
        assertThat(root.resolve("d/meta.properties")).doesNotExist();
    }

    @Test
    void aSecondProcessIsRefused() throws Exception {
        try (LogDirectory directory = open("c", 1)) {
            assertThat(directory.isOffline()).isFalse();
            assertThatThrownBy(() -> open("c", 1)).isInstanceOf(DirectoryLockedException.class);
        }
    }

    @Test
    void manyLogsAreCreatedAndFoundAgain() throws Exception {
        Map<TopicPartition, LogConfig> wanted = new LinkedHashMap<>();
        for (int i = 0; i < 60; i++) {
            wanted.put(partition("many", i), LogConfig.defaults());
        }
        try (LogDirectory directory = open("c", 1)) {
            directory.createAll(wanted);
            assertThat(directory.logs()).hasSize(60);
            for (PartitionLog log : directory.logs()) {
                log.beginEpoch(1);
                log.stage(TemporaryLog.batch(1 + log.partition().partition(), 1, 1), 1, 0);
                log.writeStaged();
            }
        }
        try (LogDirectory directory = open("c", 1)) {
            List<Integer> progress = Collections.synchronizedList(new ArrayList<>());
            directory.recoverAll(partition -> LogConfig.defaults(), 4, (partition, bytes, done, total) -> {
                assertThat(total).isEqualTo(60);
                progress.add(done);
            });
            assertThat(progress).hasSize(60).doesNotHaveDuplicates();
            for (PartitionLog log : directory.logs()) {
                assertThat(log.view().logEndOffset())
                        .isEqualTo(1 + log.partition().partition());
                assertThat(log.view().latestEpoch()).isEqualTo(1);
            }
        }
    }

    @Test
    void strangeDirectoriesAreLeftAlone() throws Exception {
        try (LogDirectory directory = open("c", 1)) {
            directory.createAll(Map.of(partition("known", 0), LogConfig.defaults()));
        }
        Files.createDirectories(root.resolve("d/not-a-partition"));
        Files.createDirectories(root.resolve("d/topic-without-metadata-0"));
        try (LogDirectory directory = open("c", 1)) {
            directory.recoverAll(
                    partition -> partition.topic().equals("known") ? LogConfig.defaults() : null,
                    2,
                    (p, b, d, t) -> {});
            assertThat(directory.logs()).hasSize(1);
        }
        assertThat(root.resolve("d/not-a-partition")).exists();
        assertThat(root.resolve("d/topic-without-metadata-0")).exists();
    }

    /** A broker was away when a topic was deleted, and created anew under its name. */
    @Test
    void aTopicThatIsGoneIsKeptUnderAnotherNameAndLeavesItsOwnToTheNext() throws Exception {
        TopicPartition gone = partition("again", 0);
        TopicPartition next = new TopicPartition("again", new UUID(77, 77), 0);
        try (LogDirectory directory = open("c", 1)) {
            PartitionLog log = directory.openOrCreate(gone, LogConfig.defaults());
            log.beginEpoch(1);
            log.stage(TemporaryLog.batch(3, 1, 1), 1, 0);
            log.writeStaged();
        }
        for (int life = 0; life < 2; life++) {
            try (LogDirectory directory = open("c", 1)) {
                directory.recoverAll(
                        partition -> partition.equals(next) ? LogConfig.defaults() : null, 2, (p, b, d, t) -> {});
                PartitionLog log = directory.openOrCreate(next, LogConfig.defaults());
                assertThat(directory.logs()).containsExactly(log);
                assertThat(log.view().logEndOffset()).isEqualTo(life);
                if (life == 0) {
                    log.beginEpoch(1);
                    log.stage(TemporaryLog.batch(1, 1, 1), 1, 0);
                    log.writeStaged();
                }
            }
            String stray = "d/again-0." + gone.topicId().toString().replace("-", "") + "-stray";
            assertThat(root.resolve(stray + "/partition.metadata")).exists();
            assertThat(root.resolve(stray + "/00000000000000000000.log")).isNotEmptyFile();
        }
    }

    /** An earlier metadata.log.dir. */
    @Test
    void anotherMetadataLogIsLeftAlone() throws Exception {
        TopicPartition metadata = partition("__cluster_metadata", 0);
        try (LogDirectory directory = open("c", 1)) {
            directory.openOrCreate(metadata, LogConfig.defaults());
        }
        try (LogDirectory directory = open("c", 1)) {
            directory.recoverAll(_ -> null, 1, (p, b, d, t) -> {});
            assertThat(directory.logs()).isEmpty();
        }
        assertThat(root.resolve("d/__cluster_metadata-0/partition.metadata")).exists();
    }

    @Test
    void aDeletedLogIsRenamedAtOnceAndGoesLater() throws Exception {
        TopicPartition partition = partition("doomed", 2);
        try (LogDirectory directory = open("c", 1)) {
            PartitionLog log = directory.openOrCreate(partition, LogConfig.defaults());
            log.beginEpoch(1);
            log.stage(TemporaryLog.batch(3, 1, 1), 1, 0);
            log.writeStaged();
            directory.checkpointHighWatermarks(Map.of(partition, 3L));
            directory.delete(log);
            assertThat(directory.log(partition)).isEmpty();
            assertThat(deletedDirectories()).singleElement().asString().matches(".*/doomed-2\\.[0-9a-f]{32}-delete");
            assertThat(log.stage(TemporaryLog.batch(1, 1, 1), 1, 0)).isInstanceOf(AppendOutcome.StorageFailed.class);
            directory.deletePending(1000);
            directory.deletePending(60_999);
            assertThat(deletedDirectories()).hasSize(1);
            directory.deletePending(61_000);
            assertThat(deletedDirectories()).isEmpty();

            // A new topic of the same name is not measured by the old one's offsets.
            TopicPartition again = new TopicPartition("doomed", UUID.randomUUID(), 2);
            assertThat(directory
                            .openOrCreate(again, LogConfig.defaults())
                            .view()
                            .logEndOffset())
                    .isZero();
            assertThat(directory.checkpointedHighWatermark(again)).isZero();
            directory.delete(directory.log(again).orElseThrow());
        }
        assertThat(deletedDirectories()).hasSize(1);
        open("c", 1).close();
        assertThat(deletedDirectories()).isEmpty();
    }

    private List<Path> deletedDirectories() throws IOException {
        try (var files = Files.list(root.resolve("d"))) {
            return files.filter(file -> file.toString().endsWith("-delete")).toList();
        }
    }

    @Test
    void whatWasRetiredFromADeletedLogIsNotTakenFromItsSuccessor() throws Exception {
        try (LogDirectory directory = open("c", 1)) {
            PartitionLog first = directory.openOrCreate(partition("again", 0), TemporaryLog.smallSegments(300));
            append(first, 20);
            first.deleteRecordsBefore(15);
            directory.delete(first);

            TopicPartition successor = new TopicPartition("again", UUID.randomUUID(), 0);
            PartitionLog second = directory.openOrCreate(successor, TemporaryLog.smallSegments(300));
            append(second, 20);
            directory.deletePending(0);
            directory.deletePending(Long.MAX_VALUE);
            assertThat(root.resolve("d/again-0/00000000000000000000.log")).exists();
        }
        try (LogDirectory directory = open("c", 1)) {
            directory.recoverAll(partition -> LogConfig.defaults(), 1, (p, b, d, t) -> {});
            LogView view = directory.logs().iterator().next().view();
            assertThat(view.logStartOffset()).isZero();
            assertThat(view.logEndOffset()).isEqualTo(20);
        }
    }

    /** Looks at the log starts that are on disk whenever a segment is renamed away, and cuts the log in a sync before. */
    private static final class Interrupting extends DelegatingFileStore {
        final List<String> logStartsSeen = new ArrayList<>();
        private final Path logStarts;

        @Nullable
        PartitionLog cut;

        Interrupting(Path directory) {
            super(new DiskFileStore());
            logStarts = directory.resolve(DirectoryCheckpoints.LOG_STARTS);
        }

        @Override
        public boolean canSyncFileSystem(Path directory) {
            return false;
        }

        @Override
        protected StoreFile opened(StoreFile file) {
            return new DelegatingFile(file) {
                @Override
                public void sync() throws IOException {
                    PartitionLog log = cut;
                    if (log != null) {
                        cut = null;
                        log.truncateTo(log.view().logEndOffset() - 1);
                    }
                    super.sync();
                }
            };
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            if (from.toString().endsWith(".log")) {
                logStartsSeen.add(Files.exists(logStarts) ? Files.readString(logStarts) : "none");
            }
            super.rename(from, to);
        }
    }

    @Test
    void aTruncationWhileHousekeepingPersistsDoesNotLetSegmentsGoBeforeTheLogStartIsOnDisk() throws Exception {
        Interrupting store = new Interrupting(root.resolve("d"));
        try (LogDirectory directory = LogDirectory.open(store, root.resolve("d"), "c", 1)) {
            PartitionLog log = directory.openOrCreate(partition("t", 0), TemporaryLog.smallSegments(300));
            append(log, 20);
            log.deleteRecordsBefore(15);
            store.cut = log;
            directory.deletePending(0);
            assertThat(store.cut).isNull();
            assertThat(log.view().logEndOffset()).isEqualTo(19);
        }
        assertThat(store.logStartsSeen).hasSizeGreaterThan(3).allMatch(seen -> seen.contains("t 0 15"));
    }

    private static void append(PartitionLog log, int records) throws IOException {
        log.beginEpoch(1);
        for (int i = 0; i < records; i++) {
            log.stage(TemporaryLog.batch(1, 20, i), 1, 0);
        }
        log.writeStaged();
    }

    @Test
    void oneLogThatCannotBeCreatedDoesNotKeepTheOthers() throws Exception {
        try (LogDirectory directory = open("c", 1)) {
            Map<TopicPartition, LogConfig> wanted = new LinkedHashMap<>();
            for (int i = 0; i < 10; i++) {
                wanted.put(partition("many", i), LogConfig.defaults());
            }
            Files.createDirectories(root.resolve("d/many-3"));
            Files.writeString(root.resolve("d/many-3/00000000000000000000.log"), "somebody's records");
            Files.writeString(root.resolve("d/many-7"), "in the way");
            assertThat(directory.createAll(wanted).keySet())
                    .containsExactlyInAnyOrder(partition("many", 3), partition("many", 7));
            assertThat(directory.logs()).hasSize(8);
            assertThat(root.resolve("d/many-3/00000000000000000000.log")).hasContent("somebody's records");
            assertThat(directory.isOffline()).isFalse();
        }
    }

    @Test
    void manyLogsAreDeletedTogetherAndNoneOfThemComesBack() throws Exception {
        Map<TopicPartition, LogConfig> wanted = new LinkedHashMap<>();
        for (int i = 0; i < 20; i++) {
            wanted.put(partition("many", i), LogConfig.defaults());
        }
        try (LogDirectory directory = open("c", 1)) {
            directory.createAll(wanted);
            directory.checkpointRecoveryPoints();
            List<PartitionLog> doomed = directory.logs().stream()
                    .filter(log -> log.partition().partition() % 2 == 0)
                    .sorted(Comparator.comparingInt(log -> log.partition().partition()))
                    .toList();
            // One whose directory can't be renamed keeps no other from going.
            Path gone = doomed.getFirst().directory();
            Files.delete(gone.resolve("partition.metadata"));
            Files.delete(gone.resolve("00000000000000000000.log"));
            try (var left = Files.list(gone)) {
                for (Path file : left.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(gone);
            assertThatThrownBy(() -> directory.deleteAll(doomed)).isInstanceOf(IOException.class);
            assertThat(directory.logs()).hasSize(10);
            assertThat(deletedDirectories()).hasSize(9);
        }
        assertThat(Files.readString(root.resolve("d/recovery-point-offset-checkpoint")))
                .contains("many 1 ")
                .doesNotContain("many 2 ");
        try (LogDirectory directory = open("c", 1)) {
            directory.recoverAll(partition -> LogConfig.defaults(), 2, (p, b, d, t) -> {});
            assertThat(directory.logs()).hasSize(10);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"version\":0,\"brokerEpoch\":12}|12",
                "{ \"brokerEpoch\" : 12 , \"version\" : 0 }|12",
                "{\"version\":0,\"brokerEpoch\":-1}|-1",
                "{\"version\":1,\"brokerEpoch\":12}|-1",
                "{\"version\":0}|-1",
                "{\"version\":0,\"brokerEpoch\":99999999999999999999}|-1",
                "''|-1",
                "nonsense|-1"
            })
    void aMarkerOfACleanStopThatSaysNoEpochIsStillOne(String text, long epoch) throws Exception {
        open("c", 1).close();
        Files.writeString(root.resolve("d/.kafka_cleanshutdown"), text);
        try (LogDirectory directory = open("c", 1)) {
            assertThat(directory.wasStoppedCleanly()).isTrue();
            assertThat(directory.lastBrokerEpoch()).isEqualTo(epoch);
        }
    }

    @Test
    void theDirectoryOfAnotherTopicOfTheSameNameIsRefused() throws Exception {
        try (LogDirectory directory = open("c", 1)) {
            directory.openOrCreate(partition("t", 0), LogConfig.defaults());
        }
        try (LogDirectory directory = open("c", 1)) {
            TopicPartition other = new TopicPartition("t", UUID.randomUUID(), 0);
            assertThatThrownBy(() -> directory.openOrCreate(other, LogConfig.defaults()))
                    .hasMessageContaining("belongs to topic id");
        }
    }

    @Test
    void anUnreadableCheckpointIsNamed() throws Exception {
        open("c", 1).close();
        Files.writeString(root.resolve("d/recovery-point-offset-checkpoint"), "0\n5\nt 0 1\n");
        assertThatThrownBy(() -> open("c", 1))
                .hasMessageContaining("recovery-point-offset-checkpoint")
                .hasMessageContaining("announces 5 entries and has 1");
    }

    @Test
    void oneLogThatCannotBeRecoveredDoesNotKeepTheOthers() throws Exception {
        try (LogDirectory directory = open("c", 1)) {
            directory.createAll(
                    Map.of(partition("good", 0), LogConfig.defaults(), partition("bad", 0), LogConfig.defaults()));
            for (PartitionLog log : directory.logs()) {
                log.beginEpoch(1);
                log.stage(TemporaryLog.batch(3, 1, 1), 1, 0);
                log.writeStaged();
            }
        }
        Files.delete(root.resolve("d/bad-0/00000000000000000000.log"));
        try (LogDirectory directory = open("c", 1)) {
            directory.recoverAll(partition -> LogConfig.defaults(), 2, (p, b, d, t) -> {});
            assertThat(directory.log(partition("good", 0))).isPresent();
            assertThat(directory.log(partition("bad", 0))).isEmpty();
            assertThat(directory.unusable().get(partition("bad", 0))).hasMessageContaining("row C");
        }
    }

    /** Kafka's tools would take it for an option. */
    @Test
    void idsThatAreTypedDoNotBeginWithADash() {
        assertThat(LogDirectory.Identity.mayBeTyped(new UUID(0xF800_0000_0000_4000L, 1L << 63)))
                .isFalse();
        assertThat(PartitionMetadata.Ids.encode(new UUID(0xF800_0000_0000_4000L, 1L << 63)))
                .startsWith("-");
        for (int i = 0; i < 1_000; i++) { // one of 64 would
            assertThat(PartitionMetadata.Ids.encode(LogDirectory.Identity.newId()))
                    .doesNotStartWith("-");
        }
    }
}
