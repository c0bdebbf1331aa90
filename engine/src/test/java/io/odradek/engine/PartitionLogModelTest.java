package io.odradek.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.record.ValidatedBatch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** A log does what a list of batches would do, whatever happens to it. */
class PartitionLogModelTest {

    sealed interface Step {
        record Append(int batches, int records, int valueBytes, boolean sync) implements Step {}

        record Truncate(double where) implements Step {}

        record DeleteRecords(double where) implements Step {}

        record Retain(long bytes) implements Step {}

        record Checkpoint() implements Step {}

        record Reopen() implements Step {}

        record Crash() implements Step {}

        record NewEpoch() implements Step {}

        record TailReader() implements Step {}
    }

    private static final class Batch {
        final long baseOffset;
        final long lastOffset;
        final byte[] bytes;

        Batch(long baseOffset, long lastOffset, byte[] bytes) {
            this.baseOffset = baseOffset;
            this.lastOffset = lastOffset;
            this.bytes = bytes;
        }
    }

    /** The list. */
    private static final class Model {
        final List<Batch> batches = new ArrayList<>();
        long logStart;
        long logEnd;
        int epoch = TemporaryLog.EPOCH;

        void truncate(long offset) {
            while (!batches.isEmpty() && batches.getLast().lastOffset >= offset) {
                logEnd = Math.min(offset, batches.removeLast().baseOffset);
            }
        }

        byte[] read(long from, long upTo, int maxBytes, boolean atLeastOne, long segmentEnd) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (Batch batch : batches) {
                if (batch.lastOffset < from) {
                    continue;
                }
                if (batch.baseOffset >= upTo || batch.baseOffset >= segmentEnd) {
                    break;
                }
                boolean fits = all.size() + batch.bytes.length <= maxBytes;
                if (!fits && !(atLeastOne && all.size() == 0)) {
                    break;
                }
                all.writeBytes(batch.bytes);
            }
            return all.toByteArray();
        }
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<Double> anywhere = Arbitraries.doubles().between(0, 1);
        Arbitrary<Step> append = Combinators.combine(
                        Arbitraries.integers().between(1, 6),
                        Arbitraries.integers().between(1, 5),
                        Arbitraries.integers().between(0, 120),
                        Arbitraries.of(true, false))
                .as(Step.Append::new);
        return Arbitraries.frequencyOf(
                        net.jqwik.api.Tuple.of(8, append),
                        net.jqwik.api.Tuple.of(2, anywhere.map(Step.Truncate::new)),
                        net.jqwik.api.Tuple.of(1, anywhere.map(Step.DeleteRecords::new)),
                        net.jqwik.api.Tuple.of(
                                1, Arbitraries.longs().between(0, 3000).map(Step.Retain::new)),
                        net.jqwik.api.Tuple.of(2, Arbitraries.just(new Step.Checkpoint())),
                        net.jqwik.api.Tuple.of(1, Arbitraries.just(new Step.Reopen())),
                        net.jqwik.api.Tuple.of(1, Arbitraries.just(new Step.Crash())),
                        net.jqwik.api.Tuple.of(1, Arbitraries.just(new Step.NewEpoch())),
                        net.jqwik.api.Tuple.of(2, Arbitraries.just(new Step.TailReader())))
                .list()
                .ofMinSize(1)
                .ofMaxSize(25);
    }

    @Property(tries = 400)
    void aLogBehavesLikeAListOfBatches(@ForAll("steps") List<Step> steps, @ForAll long seed) throws Exception {
        Random random = new Random(seed);
        Model model = new Model();
        try (TemporaryLog log = new TemporaryLog(TemporaryLog.smallSegments(900))) {
            for (Step step : steps) {
                apply(step, model, log, random);
                check(model, log, random);
            }
        }
    }

    private static void apply(Step step, Model model, TemporaryLog log, Random random) throws IOException {
        switch (step) {
            case Step.Append append -> append(append, model, log, random);
            case Step.Truncate(double where) -> {
                long offset = model.logStart + (long) (where * (model.logEnd - model.logStart));
                model.truncate(offset);
                model.logStart = Math.min(model.logStart, model.logEnd);
                assertThat(log.log.truncateTo(offset)).isEqualTo(model.logEnd);
            }
            case Step.DeleteRecords(double where) -> {
                model.logStart += (long) (where * (model.logEnd - model.logStart));
                assertThat(log.log.deleteRecordsBefore(model.logStart)).isEqualTo(model.logStart);
            }
            case Step.Retain(long bytes) -> {
                log.reconfigure(log.config().withRetentionMs(-1).withRetentionBytes(bytes));
                log.log.applyRetention(0, model.logEnd);
                log.reconfigure(log.config().withRetentionBytes(-1));
                assertThat(log.log.view().sizeBytes()).isLessThan(bytes + 900);
                model.logStart = log.log.view().logStartOffset();
            }
            case Step.Checkpoint() -> log.directory.checkpointRecoveryPoints();
            case Step.Reopen() -> log.reopenCleanly();
            case Step.Crash() -> {
                log.directory.checkpointRecoveryPoints(); // DeleteRecords is only remembered from there on
                log.crash();
                // An epoch nobody wrote in is forgotten.
                model.epoch = Math.max(model.epoch, log.log.view().latestEpoch());
                log.log.beginEpoch(model.epoch);
            }
            case Step.NewEpoch() -> log.log.beginEpoch(++model.epoch);
            case Step.TailReader() -> log.log.view().noteTailRead();
        }
        if (log.log.view().latestEpoch() != model.epoch) {
            log.log.beginEpoch(model.epoch); // a truncation removed the epoch with its records
        }
    }

    private static void append(Step.Append append, Model model, TemporaryLog log, Random random) throws IOException {
        for (int i = 0; i < append.batches; i++) {
            ValidatedBatch batch = TemporaryLog.batch(append.records, append.valueBytes, random.nextInt(1000));
            AppendOutcome outcome = log.log.stage(batch, model.epoch, 0);
            assertThat(outcome).isInstanceOfSatisfying(AppendOutcome.Appended.class, appended -> {
                assertThat(appended.baseOffset()).isEqualTo(model.logEnd);
                assertThat(appended.end().offset()).isEqualTo(model.logEnd + append.records);
            });
            byte[] bytes = TemporaryLog.bytes(batch.bytes().duplicate().rewind());
            model.batches.add(new Batch(model.logEnd, model.logEnd + append.records - 1, bytes));
            model.logEnd += append.records;
        }
        log.log.writeStaged();
        if (append.sync) {
            log.sync();
            assertThat(log.log.recoveryPoint()).isEqualTo(model.logEnd);
        }
    }

    private static void check(Model model, TemporaryLog log, Random random) throws Exception {
        LogView view = log.log.view();
        assertThat(view.logStartOffset()).isEqualTo(model.logStart);
        assertThat(view.logEndOffset()).isEqualTo(model.logEnd);
        assertThat(log.log.recoveryPoint()).isLessThanOrEqualTo(model.logEnd);
        for (int i = 0; i < 5; i++) {
            long from = random.nextLong(model.logStart, model.logEnd + 1);
            LogPosition upTo =
                    random.nextBoolean() ? view.end() : LogPosition.ofOffset(boundaryFrom(model, from, random));
            int maxBytes = random.nextInt(1500);
            boolean atLeastOne = random.nextBoolean();
            try (FetchedSlices slices = LogReader.read(view, from, upTo, maxBytes, atLeastOne)) {
                byte[] read = TemporaryLog.bytes(slices);
                assertThat(read).hasSize(slices.sizeBytes());
                long segmentEnd = view.segmentEndOffset(view.segmentFor(from));
                byte[] whole = model.read(from, upTo.offset(), maxBytes, atLeastOne, Long.MAX_VALUE);
                byte[] ofSegment = model.read(from, upTo.offset(), maxBytes, atLeastOne, segmentEnd);
                // From the file a read ends with its segment; from memory it may go on, or stop where memory ends.
                assertThat(read.length > 0).isEqualTo(ofSegment.length > 0);
                if (slices.slices().stream().allMatch(FetchedSlices.FileSlice.class::isInstance)) {
                    assertThat(read).isEqualTo(ofSegment);
                } else {
                    assertThat(whole).startsWith(read);
                }
            }
        }
        assertThatThrownBy(() -> LogReader.read(view, model.logEnd + 1, view.end(), 1, true))
                .isInstanceOf(OffsetOutOfRangeException.class);
        if (model.logStart > 0) {
            assertThatThrownBy(() -> LogReader.read(view, model.logStart - 1, view.end(), 1, true))
                    .isInstanceOf(OffsetOutOfRangeException.class);
        }
        assertThat(everything(view, model.logStart))
                .isEqualTo(model.read(model.logStart, model.logEnd, Integer.MAX_VALUE, true, Long.MAX_VALUE));
    }

    private static long boundaryFrom(Model model, long from, Random random) {
        List<Long> boundaries = new ArrayList<>(List.of(model.logEnd));
        for (Batch batch : model.batches) {
            if (batch.baseOffset >= from) {
                boundaries.add(batch.baseOffset);
            }
        }
        return boundaries.get(random.nextInt(boundaries.size()));
    }

    private static byte[] everything(LogView view, long from) throws Exception {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int n = view.segmentFor(from); n < view.segmentCount(); n++) {
            long start = Math.max(from, view.segment(n).baseOffset());
            long end = view.segmentEndOffset(n);
            if (start < end) {
                // One segment at a time, and not from memory: a fresh window-less read would do the same.
                try (FetchedSlices slices =
                        LogReader.read(view, start, LogPosition.ofOffset(end), Integer.MAX_VALUE, true)) {
                    all.writeBytes(TemporaryLog.bytes(slices));
                }
            }
        }
        return all.toByteArray();
    }
}
