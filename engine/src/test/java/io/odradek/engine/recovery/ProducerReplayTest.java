package io.odradek.engine.recovery;

import static io.odradek.engine.segment.SegmentNames.PRODUCER_SNAPSHOT;
import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.NotedStore;
import io.odradek.engine.producer.ProducerStates;
import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.ControlRecords;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.Segment;
import io.odradek.engine.segment.SegmentNames;
import io.odradek.engine.segment.WrittenSegment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever snapshots are there, the producers are those of the batches; and which snapshots are there in the end. */
class ProducerReplayTest {
    private final NotedStore store = new NotedStore(new DiskFileStore());

    /** Segments with batches of producers, of nobody, and markers; and the producers as of each offset a batch begins at. */
    private static final class Written implements AutoCloseable {
        final Path directory;
        final List<WrittenSegment> segments = new ArrayList<>();
        final List<Long> boundaries = new ArrayList<>();
        private final List<ValidatedBatch> batches = new ArrayList<>();
        long end;

        Written(Path directory, Random random, int segmentCount) throws IOException {
            this.directory = directory;
            int[] sequences = new int[3];
            for (int s = 0; s < segmentCount; s++) {
                WrittenSegment segment = new WrittenSegment(directory, end, 150);
                segments.add(segment);
                for (int n = 1 + random.nextInt(8); n > 0; n--) {
                    int producer = random.nextInt(3);
                    BatchBuilder builder = new BatchBuilder();
                    int kind = random.nextInt(6);
                    if (kind == 0) {
                        builder.add(end, null, new byte[40]);
                    } else if (kind == 1) {
                        builder.control().transactional().producer(producer, (short) 2, -1);
                        builder.add(
                                end,
                                ControlRecords.endTransactionKey(random.nextBoolean()),
                                ControlRecords.endTransactionValue(random.nextInt(9)));
                    } else {
                        builder.producer(producer, (short) 2, sequences[producer]);
                        if (kind == 2) {
                            builder.transactional();
                        }
                        for (int r = random.nextInt(3); r >= 0; r--) {
                            builder.add(end, null, new byte[random.nextInt(60)]);
                            sequences[producer]++;
                        }
                    }
                    ValidatedBatch batch = builder.build();
                    batch.assign(end, 4);
                    segment.add(batch.bytes());
                    batches.add(batch);
                    boundaries.add(end);
                    end = batch.lastOffset() + 1;
                }
            }
            boundaries.add(end);
        }

        /** Those of the batches below {@code offset}. */
        ProducerStates producers(long offset) throws IOException {
            ProducerStates states = new ProducerStates();
            for (ValidatedBatch batch : batches) {
                if (batch.baseOffset() < offset) {
                    states.replay(batch.bytes(), 0, 0);
                }
            }
            return states;
        }

        List<ActiveSegment> all() {
            return segments.stream().map(segment -> segment.active).toList();
        }

        @Override
        public void close() throws IOException {
            segments.forEach(WrittenSegment::close);
            try (var files = Files.list(directory)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(directory);
        }
    }

    private static NavigableSet<Long> snapshots(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.map(file -> SegmentNames.baseOffset(file.getFileName().toString(), PRODUCER_SNAPSHOT))
                    .filter(java.util.OptionalLong::isPresent)
                    .map(java.util.OptionalLong::getAsLong)
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /** @param used the newest snapshot that can be; -1 when none can */
    private void restoreAndCompare(Written log, long trusted, long used) throws IOException {
        Set<Long> before = snapshots(log.directory);
        ProducerStates restored = log.producers(log.end / 2); // whatever was known goes
        store.operations.clear();
        boolean changed = ProducerReplay.restore(restored, store, log.directory, log.all(), trusted, 0);
        ProducerStates expected = log.producers(log.end);
        assertThat(restored.describe()).isEqualTo(expected.describe());
        assertThat(restored.snapshot()).isEqualTo(expected.snapshot());
        assertThat(restored.lastBatches()).isEqualTo(expected.lastBatches());
        boolean deleted = store.operations.stream().anyMatch(operation -> operation.startsWith("delete"));
        boolean written = store.operations.stream().anyMatch(operation -> operation.startsWith("sync"));
        assertThat(changed).isEqualTo(deleted || written);
        NavigableSet<Long> after = snapshots(log.directory);
        if (!changed) {
            assertThat(after).isEqualTo(before);
        }
        // Each segment above the oldest snapshot begins with one, so that older segments may go.
        Set<Long> bases = log.all().stream().map(Segment::baseOffset).collect(Collectors.toSet());
        assertThat(after).allMatch(offset -> bases.contains(offset) || (offset == used && offset.equals(after.last())));
        assertThat(after)
                .containsAll(bases.stream()
                        .filter(base ->
                                base > Math.max(used, log.all().getFirst().baseOffset()))
                        .toList());
        // Each holds what was known there.
        for (long offset : after.tailSet(used)) {
            ProducerStates there = log.producers(offset);
            assertThat(Files.readAllBytes(SegmentNames.in(log.directory, offset, PRODUCER_SNAPSHOT)))
                    .as("snapshot at %d", offset)
                    .isEqualTo(bytes(there));
        }
        store.operations.clear();
        assertThat(ProducerReplay.restore(restored, store, log.directory, log.all(), log.end, 0))
                .as("the second time there is nothing to do")
                .isFalse();
        assertThat(restored.describe()).isEqualTo(expected.describe());
    }

    private static byte[] bytes(ProducerStates states) {
        var snapshot = states.snapshot();
        byte[] bytes = new byte[snapshot.remaining()];
        snapshot.get(bytes);
        return bytes;
    }

    @Property(tries = 120)
    void producersAreThoseOfTheBatchesWhateverSnapshotsAreThere(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        try (Written log = new Written(Files.createTempDirectory("odradek-replay"), random, 1 + random.nextInt(4))) {
            long trusted = random.nextInt(3) == 0 ? log.end : random.nextLong(log.end + 1);
            Set<Long> written = new TreeSet<>();
            for (int n = random.nextInt(5); n > 0; n--) {
                written.add(log.boundaries.get(random.nextInt(log.boundaries.size())));
            }
            log.all().stream()
                    .map(Segment::baseOffset)
                    .filter(_ -> random.nextBoolean())
                    .forEach(written::add);
            long used = -1;
            for (long offset : written) {
                // Above what is trusted it is of any age.
                long age = offset <= trusted ? offset : random.nextLong(log.end + 1);
                ProducerReplay.write(log.producers(age), store, log.directory, offset, false);
                if (random.nextInt(4) == 0) {
                    Files.write(
                            SegmentNames.in(log.directory, offset, PRODUCER_SNAPSHOT), new byte[random.nextInt(20)]);
                } else if (offset <= trusted) {
                    used = offset;
                }
            }
            restoreAndCompare(log, trusted, used);
        }
    }

    private Written written(Path root, int segments) throws IOException {
        return new Written(Files.createDirectory(root.resolve("log")), new Random(7), segments);
    }

    @Test
    void aSnapshotUpToWhatIsTrustedIsUsedAndOneAboveGoes(@TempDir Path root) throws Exception {
        try (Written log = written(root, 1)) {
            ProducerStates other = new ProducerStates();
            other.replay(
                    new BatchBuilder()
                            .producer(77, (short) 0, 0)
                            .add(0, null, null)
                            .build()
                            .bytes(),
                    0,
                    0);
            ProducerReplay.write(other, store, log.directory, 3, false);
            ProducerStates restored = new ProducerStates();
            ProducerReplay.restore(restored, store, log.directory, log.all(), 3, 0);
            assertThat(restored.lastBatches()).as("it was used").containsKey(77L);
            assertThat(ProducerReplay.restore(restored, store, log.directory, log.all(), 2, 0))
                    .isTrue();
            assertThat(restored.lastBatches()).doesNotContainKey(77L);
            assertThat(snapshots(log.directory)).isEmpty();
        }
    }

    /** The log reads no further back than the newest snapshot. */
    @Test
    void onlyWhatLiesBehindTheSnapshotIsRead(@TempDir Path root) throws Exception {
        try (Written log = written(root, 3)) {
            long second = log.all().get(1).baseOffset();
            ProducerReplay.write(log.producers(second), store, log.directory, second, false);
            log.segments.getFirst().truncate(SegmentNames.LOG, 0); // nobody misses it
            restoreAndCompare(log, log.end, second);
        }
    }

    /** Headers are read many at a time; a marker's record may lie beyond what was read. */
    @Test
    void aMarkerAcrossTheEndOfWhatWasReadIsReadWhole(@TempDir Path root) throws Exception {
        Path directory = Files.createDirectory(root.resolve("log"));
        try (WrittenSegment segment = new WrittenSegment(directory, 0, 1 << 20)) {
            int without = data(8000).sizeBytes();
            ValidatedBatch data = data(8000 + 8120 - without);
            data.assign(0, 4);
            ValidatedBatch marker = new BatchBuilder()
                    .control()
                    .transactional()
                    .producer(7, (short) 2, -1)
                    .add(5, ControlRecords.endTransactionKey(true), ControlRecords.endTransactionValue(3))
                    .build();
            marker.assign(1, 4);
            assertThat(data.sizeBytes()).isEqualTo(8120);
            segment.add(data.bytes());
            segment.add(marker.bytes());
            ProducerStates expected = new ProducerStates();
            expected.replay(data.bytes(), 0, 0);
            expected.replay(marker.bytes(), 0, 0);
            ProducerStates restored = new ProducerStates();
            ProducerReplay.restore(restored, store, directory, List.of(segment.active), 2, 0);
            assertThat(restored.describe()).isEqualTo(expected.describe());
        }
    }

    private static ValidatedBatch data(int valueBytes) {
        return new BatchBuilder()
                .transactional()
                .producer(7, (short) 2, 0)
                .add(4, null, new byte[valueBytes])
                .build();
    }

    @Test
    void aSnapshotIsWrittenOverWhatWasThereAndSyncedWhenAsked(@TempDir Path root) throws Exception {
        try (Written log = written(root, 1)) {
            Path file = SegmentNames.in(log.directory, 5, PRODUCER_SNAPSHOT);
            Files.write(file, new byte[5000]);
            ProducerReplay.write(log.producers(5), store, log.directory, 5, true);
            assertThat(Files.readAllBytes(file)).isEqualTo(bytes(log.producers(5)));
            String name = file.getFileName().toString();
            assertThat(store.operations)
                    .containsExactly("truncate " + name, "write " + name, "sync " + name, "close " + name);
            store.operations.clear();
            ProducerReplay.write(log.producers(5), store, log.directory, 5, false);
            assertThat(store.operations).doesNotContain("sync " + name);
        }
    }

    @Test
    void snapshotsThatSegmentsBeginWithAreDurable(@TempDir Path root) throws Exception {
        try (Written log = written(root, 3)) {
            ProducerReplay.restore(new ProducerStates(), store, log.directory, log.all(), log.end, 0);
            assertThat(store.operations)
                    .contains("sync " + SegmentNames.of(log.all().get(1).baseOffset(), PRODUCER_SNAPSHOT))
                    .contains("sync " + SegmentNames.of(log.all().get(2).baseOffset(), PRODUCER_SNAPSHOT));
            assertThat(snapshots(log.directory)).hasSize(2);
        }
    }

    /**
     * Segments that have left the log below its start are on disk until the new start is written down. A crash before that brings
     * them back: without their snapshots, what producers wrote in them would have to be read from where it no longer is.
     */
    @Test
    void theSnapshotsOfSegmentsThatACrashMayBringBackStay(@TempDir Path root) throws Exception {
        try (Written log = written(root, 4)) {
            List<Long> bases = log.all().stream().map(Segment::baseOffset).toList();
            for (long base : bases.subList(1, 4)) {
                ProducerReplay.write(log.producers(base), store, log.directory, base, false);
            }
            List<ActiveSegment> left = log.all().subList(2, 3); // and the last was cut
            Files.delete(SegmentNames.in(log.directory, bases.getLast(), SegmentNames.LOG));
            ProducerReplay.restore(new ProducerStates(), store, log.directory, left, bases.getLast(), 0);
            assertThat(snapshots(log.directory)).containsExactlyElementsOf(bases.subList(1, 4));
            assertThat(ProducerReplay.restore(new ProducerStates(), store, log.directory, left, bases.getLast() - 1, 0))
                    .isTrue();
            assertThat(snapshots(log.directory)).containsExactlyElementsOf(bases.subList(1, 3));
            Files.delete(SegmentNames.in(log.directory, bases.get(1), SegmentNames.LOG));
            ProducerReplay.restore(new ProducerStates(), store, log.directory, left, bases.getLast() - 1, 0);
            assertThat(snapshots(log.directory)).containsExactly(bases.get(2));
        }
    }
}
