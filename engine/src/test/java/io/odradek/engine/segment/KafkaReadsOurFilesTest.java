package io.odradek.engine.segment;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.TemporaryLog;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.checkpoint.CleanShutdownFileHandler;
import org.apache.kafka.storage.internals.checkpoint.LeaderEpochCheckpointFile;
import org.apache.kafka.storage.internals.checkpoint.OffsetCheckpointFile;
import org.apache.kafka.storage.internals.checkpoint.PartitionMetadataFile;
import org.apache.kafka.storage.internals.epoch.LeaderEpochFileCache;
import org.apache.kafka.storage.internals.log.EpochEntry;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.LogSegment;
import org.apache.kafka.storage.internals.log.OffsetPosition;
import org.apache.kafka.storage.internals.log.ProducerStateManager;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.TimestampOffset;
import org.junit.jupiter.api.Test;

/** Apache Kafka's own classes read what we write, find no fault, and would have written the same indexes. */
class KafkaReadsOurFilesTest {

    private static void fill(TemporaryLog log, Random random, int batches) throws IOException {
        for (int i = 0; i < batches; i++) {
            log.append(TemporaryLog.batch(1 + random.nextInt(4), random.nextInt(80), random.nextInt(5000)), 0);
        }
    }

    private static List<Long> baseOffsets(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.map(file -> SegmentNames.baseOffset(file.getFileName().toString(), SegmentNames.LOG))
                    .filter(java.util.OptionalLong::isPresent)
                    .map(java.util.OptionalLong::getAsLong)
                    .sorted()
                    .toList();
        }
    }

    /** What {@code kafka-dump-log} complains about, entry by entry. */
    @Property(tries = 40)
    void everyIndexEntryPointsToItsBatch(@ForAll long seed, @ForAll @IntRange(min = 1, max = 40) int batches)
            throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(1500))) {
            Random random = new Random(seed);
            fill(log, random, batches);
            log.reopenCleanly();
            fill(log, random, 5);
            log.crash();
            fill(log, random, 5);
            log.reopenCleanly();
            for (long base : baseOffsets(log.logFiles())) {
                checkSegment(log.logFiles(), base);
            }
        }
    }

    private static void checkSegment(Path directory, long base) throws IOException {
        try (FileRecords records = FileRecords.open(
                SegmentNames.in(directory, base, SegmentNames.LOG).toFile())) {
            Map<Integer, RecordBatch> byPosition = new HashMap<>();
            List<RecordBatch> all = new ArrayList<>();
            int position = 0;
            for (RecordBatch batch : records.batches()) {
                batch.ensureValid();
                byPosition.put(position, batch);
                all.add(batch);
                position += batch.sizeInBytes();
            }
            assertThat(position).isEqualTo(records.sizeInBytes());
            var offsets = new org.apache.kafka.storage.internals.log.OffsetIndex(
                    SegmentNames.in(directory, base, SegmentNames.OFFSET_INDEX).toFile(), base, -1, false);
            offsets.sanityCheck();
            for (int n = 0; n < offsets.entries(); n++) {
                OffsetPosition entry = offsets.entry(n);
                assertThat(byPosition).containsKey(entry.position());
                assertThat(Objects.requireNonNull(byPosition.get(entry.position()))
                                .lastOffset())
                        .isEqualTo(entry.offset());
            }
            var times = new org.apache.kafka.storage.internals.log.TimeIndex(
                    SegmentNames.in(directory, base, SegmentNames.TIME_INDEX).toFile(), base, -1, false);
            times.sanityCheck();
            long previous = -1;
            for (int n = 0; n < times.entries(); n++) {
                TimestampOffset entry = times.entry(n);
                assertThat(entry.timestamp()).isGreaterThan(previous);
                previous = entry.timestamp();
                assertThat(all)
                        .filteredOn(batch -> batch.lastOffset() == entry.offset())
                        .singleElement()
                        .satisfies(batch -> assertThat(batch.maxTimestamp()).isEqualTo(entry.timestamp()));
            }
            long max = all.stream().mapToLong(RecordBatch::maxTimestamp).max().orElse(-1);
            assertThat(times.lastEntry().timestamp()).isEqualTo(max);
            offsets.close();
            times.close();
        }
    }

    @Property(tries = 25)
    void kafkaWouldHaveWrittenTheSameIndexes(@ForAll long seed, @ForAll @IntRange(min = 1, max = 60) int batches)
            throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(2500))) {
            fill(log, new Random(seed), batches);
            log.reopenCleanly();
            for (long base : baseOffsets(log.logFiles())) {
                Path offsets = SegmentNames.in(log.logFiles(), base, SegmentNames.OFFSET_INDEX);
                Path times = SegmentNames.in(log.logFiles(), base, SegmentNames.TIME_INDEX);
                byte[] ourOffsets = Files.readAllBytes(offsets);
                byte[] ourTimes = Files.readAllBytes(times);
                File directory = log.copyFiles()
                        .resolve(TemporaryLog.PARTITION.directoryName())
                        .toFile();
                LogConfig config = new LogConfig(
                        Map.of("segment.bytes", 2 << 20, "index.interval.bytes", 100, "segment.index.bytes", 1 << 20));
                try (LogSegment segment = LogSegment.open(directory, base, config, Time.SYSTEM, true, 0, false, "")) {
                    int truncated = segment.recover(
                            new ProducerStateManager(
                                    new TopicPartition("orders", 3),
                                    directory,
                                    1000,
                                    new ProducerStateManagerConfig(1000, false),
                                    Time.SYSTEM),
                            new LeaderEpochFileCache(
                                    new TopicPartition("orders", 3),
                                    new LeaderEpochCheckpointFile(
                                            new File(directory, "scratch-epochs"), new LogDirFailureChannel(1)),
                                    new KafkaScheduler(1)));
                    assertThat(truncated).isZero();
                    segment.onBecomeInactiveSegment();
                }
                Path theirs = directory.toPath();
                assertThat(Files.readAllBytes(SegmentNames.in(theirs, base, SegmentNames.OFFSET_INDEX)))
                        .isEqualTo(ourOffsets);
                assertThat(Files.readAllBytes(SegmentNames.in(theirs, base, SegmentNames.TIME_INDEX)))
                        .isEqualTo(ourTimes);
            }
        }
    }

    @Test
    void kafkaReadsTheSmallFiles() throws Exception {
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(900))) {
            fill(log, new Random(1), 20);
            long secondEpochStart = log.log.view().logEndOffset();
            log.log.beginEpoch(9);
            fill(log, new Random(2), 5);
            log.log.deleteRecordsBefore(1);
            log.directory.checkpointHighWatermarks(Map.of(TemporaryLog.PARTITION, 17L));
            long end = log.log.view().logEndOffset();
            log.directory.rememberBrokerEpoch(12);
            log.directory.close();

            LogDirFailureChannel failures = new LogDirFailureChannel(1);
            assertThat(new LeaderEpochCheckpointFile(
                                    LeaderEpochCheckpointFile.newFile(
                                            log.logFiles().toFile()),
                                    failures)
                            .read())
                    .containsExactly(new EpochEntry(5, 1), new EpochEntry(9, secondEpochStart));
            TopicPartition partition = new TopicPartition("orders", 3);
            assertThat(offsets(log.path.resolve("recovery-point-offset-checkpoint"), failures))
                    .containsExactly(Map.entry(partition, end));
            assertThat(offsets(log.path.resolve("log-start-offset-checkpoint"), failures))
                    .containsExactly(Map.entry(partition, 1L));
            assertThat(offsets(log.path.resolve("replication-offset-checkpoint"), failures))
                    .containsExactly(Map.entry(partition, 17L));
            CleanShutdownFileHandler marker = new CleanShutdownFileHandler(log.path.toString());
            assertThat(marker.exists()).isTrue();
            assertThat(marker.read()).hasValue(12);
            UUID id = TemporaryLog.PARTITION.topicId();
            assertThat(new PartitionMetadataFile(
                                    PartitionMetadataFile.newFile(log.logFiles().toFile()), failures)
                            .read()
                            .topicId())
                    .isEqualTo(new Uuid(id.getMostSignificantBits(), id.getLeastSignificantBits()));
            marker.write(7);
            log.directory = io.odradek.engine.LogDirectory.open(log.store, log.path, "cluster", 1);
            assertThat(log.directory.lastBrokerEpoch()).isEqualTo(7);
        }
    }

    private static Map<TopicPartition, Long> offsets(Path file, LogDirFailureChannel failures) throws IOException {
        return new OffsetCheckpointFile(file.toFile(), failures).read();
    }
}
