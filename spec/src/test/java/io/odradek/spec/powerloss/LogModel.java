package io.odradek.spec.powerloss;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogView;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.record.BatchLayout;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a client may believe about one log, in the simplest terms: the batches it sent by number, where those lie that were
 * acknowledged, and what it asked to be removed. Knows nothing of files.
 */
final class LogModel {

    /** One batch at its place. */
    record Placed(long baseOffset, long lastOffset, long number) {}

    /** An idempotent producer, as its client keeps it. */
    static final class Producer {
        final long id;
        short epoch;
        int nextSequence;
        /** The numbers of its last batches, at most five, oldest first: what the log must recognise when sent again. */
        final ArrayDeque<Long> recent = new ArrayDeque<>();

        Producer(long id) {
            this.id = id;
        }

        void wrote(long number, int records) {
            nextSequence += records;
            recent.add(number);
            if (recent.size() > 5) {
                recent.remove();
            }
        }

        /** What the log knows of this one is not known here: a new reign, as KIP-360 has it. */
        void bumpEpoch() {
            epoch++;
            nextSequence = 0;
            recent.clear();
        }
    }

    /** A removal of everything at and above {@code newEnd}, given to the log as its {@code order}th entry. */
    private record Cut(long newEnd, long order) {}

    final TopicPartition partition;
    final LogConfig config;
    final boolean synced;

    @Nullable
    PartitionLog log;

    int leaderEpoch = -1;

    final List<Producer> producers = List.of(new Producer(1001), new Producer(1002));
    /**
     * Batches behind which the log may have been closed and opened: Kafka's snapshot format keeps a producer's last batch
     * alone, so a retry of those before it may be taken for a gap.
     */
    final Set<Long> perhapsForgotten = new HashSet<>();
    /** The log was cut in this life: until producers have new epochs, what they sent may be refused. */
    boolean wasCut;

    private final Map<Long, byte[]> sent = new HashMap<>();
    /** In the order they were handed over: the log's own order. */
    private final Map<Long, Long> orderOf = new HashMap<>();

    private long entries;

    /** Acknowledged, by base offset: survives a kill, and a power loss when it is durable. */
    private final TreeMap<Long, Placed> acknowledged = new TreeMap<>();
    /** Promised to be on disk, by their durability or by having been shown after a recovery. */
    private final Set<Long> durable = new HashSet<>();
    /** What was handed over before this is on disk, because somebody asked for a sync then and was told that it is done. */
    private long durableOrder;

    private final Set<Long> refused = new HashSet<>();
    private final Set<Long> removed = new HashSet<>();
    private final List<Cut> cuts = new ArrayList<>();
    /** Where the log may begin: the highest start that anybody asked for. */
    private long mayStartAt;
    /** Where the log begins at least: a deletion up to there was answered. */
    private long mustStartAt;
    /** A cut was begun and not finished: batches at and above it may be there or not. */
    private long perhapsCutAt = Long.MAX_VALUE;

    LogModel(TopicPartition partition, LogConfig config) {
        this.partition = partition;
        this.config = config;
        this.synced = config.durability() instanceof Durability.Sync;
    }

    PartitionLog open() {
        PartitionLog opened = log;
        if (opened == null) {
            throw new IllegalStateException(partition + " is not open");
        }
        return opened;
    }

    /** Order among what is handed to the log. */
    long nextOrder() {
        return ++entries;
    }

    void sent(long number, byte[] bytes) {
        sent.put(number, bytes);
        orderOf.put(number, nextOrder());
    }

    /** The ring was full: it was not sent after all. */
    void unsent(long number) {
        sent.remove(number);
        orderOf.remove(number);
    }

    void refused(long number) {
        refused.add(number);
    }

    byte[] bytesOf(long number) {
        return Objects.requireNonNull(sent.get(number));
    }

    /** A retry was answered "already there": the same promise as for the first time. */
    void duplicate(long number, long baseOffset, long lastOffset) {
        Placed placed = acknowledged.get(baseOffset);
        if (placed == null) {
            acknowledged(number, baseOffset, lastOffset);
        } else {
            assertThat(placed)
                    .as("%s: a retry gets its first offsets", partition)
                    .isEqualTo(new Placed(baseOffset, lastOffset, number));
            if (synced) {
                durable.add(number);
            }
        }
    }

    void acknowledged(long number, long baseOffset, long lastOffset) {
        long order = orderOf.getOrDefault(number, -1L);
        for (Cut cut : cuts) {
            if (order < cut.order && lastOffset >= cut.newEnd) {
                return; // told late: it had been, and was cut off since
            }
        }
        Placed placed = new Placed(baseOffset, lastOffset, number);
        Placed before = acknowledged.put(baseOffset, placed);
        assertThat(before)
                .as("%s: offset %d is acknowledged once", partition, baseOffset)
                .isNull();
        if (synced) {
            durable.add(number);
        }
    }

    /** A sync that was asked for as the {@code order}th entry has ended well. */
    void durableBefore(long order) {
        durableOrder = Math.max(durableOrder, order);
    }

    void cutBegins(long offset) {
        perhapsCutAt = Math.min(perhapsCutAt, offset);
        if (offset <= mustStartAt) {
            mustStartAt = 0; // the start may lie within the batch that goes
        }
    }

    /** @param there what the log held before */
    void cut(long newEnd, long order, List<Placed> there) {
        perhapsCutAt = Long.MAX_VALUE;
        cuts.add(new Cut(newEnd, order));
        acknowledged.tailMap(newEnd, true).clear();
        wasCut = true;
        for (Placed batch : there) {
            if (batch.lastOffset() >= newEnd) {
                removed.add(batch.number());
            }
        }
    }

    void mayStartAt(long offset) {
        mayStartAt = Math.max(mayStartAt, offset);
    }

    /** A deletion of everything below {@code logStartOffset} was answered. */
    void deletedBelow(long logStartOffset) {
        mustStartAt = Math.max(mustStartAt, logStartOffset);
    }

    /** Checks a log that was opened again, and believes what it shows from now on: it was synced before it was shown. */
    void check(LogView view, List<Placed> found, ByteBuffer content, boolean lostPower) {
        String what = partition + " " + config.durability();
        assertThat(view.logStartOffset())
                .as("%s begins", what)
                .isLessThanOrEqualTo(Math.max(mayStartAt, 0))
                .isGreaterThanOrEqualTo(mustStartAt);
        long next = view.logStartOffset();
        long lastNumber = -1;
        int position = 0;
        Map<Long, Placed> byOffset = new HashMap<>();
        for (Placed batch : found) {
            if (batch.baseOffset() > view.logStartOffset()) {
                assertThat(batch.baseOffset()).as("%s has no gap", what).isEqualTo(next);
            }
            byte[] expected = sent.get(batch.number());
            assertThat(expected).as("%s: batch %s was sent", what, batch).isNotNull();
            assertThat(refused).as("%s: refused batches are not there", what).doesNotContain(batch.number());
            assertThat(removed).as("%s: removed batches stay away", what).doesNotContain(batch.number());
            assertThat(batch.number()).as("%s: once and in order", what).isGreaterThan(lastNumber);
            assertSameBytes(what, batch, content, position, Objects.requireNonNull(expected));
            position += expected.length;
            lastNumber = batch.number();
            next = batch.lastOffset() + 1;
            byOffset.put(batch.baseOffset(), batch);
        }
        assertThat(view.logEndOffset())
                .as("%s ends behind its last batch", what)
                .isEqualTo(next);
        for (Placed batch : acknowledged.values()) {
            boolean kept = !lostPower
                    || durable.contains(batch.number())
                    || orderOf.getOrDefault(batch.number(), Long.MAX_VALUE) < durableOrder;
            boolean mayBeGone = batch.lastOffset() < Math.max(mayStartAt, view.logStartOffset())
                    || batch.lastOffset() >= perhapsCutAt;
            Placed there = byOffset.get(batch.baseOffset());
            if (kept && !(mayBeGone && there == null)) {
                assertThat(there)
                        .as(
                                "%s: acknowledged and kept (lost power %s, durable %s, order %s of %s)",
                                what,
                                lostPower,
                                durable.contains(batch.number()),
                                orderOf.get(batch.number()),
                                durableOrder)
                        .isEqualTo(batch);
            }
        }
        believe(view, found);
    }

    private static void assertSameBytes(String what, Placed batch, ByteBuffer content, int position, byte[] expected) {
        byte[] actual = new byte[expected.length];
        content.get(position, actual);
        byte[] wanted = expected.clone();
        // what the log may change: base offset and leader epoch
        ByteBuffer.wrap(wanted).putLong(BatchLayout.BASE_OFFSET_AT, batch.baseOffset());
        ByteBuffer.wrap(wanted)
                .putInt(BatchLayout.LEADER_EPOCH_AT, ByteBuffer.wrap(actual).getInt(BatchLayout.LEADER_EPOCH_AT));
        if (!Arrays.equals(actual, wanted)) {
            throw new AssertionError(what + ": " + batch + " has other bytes than were sent");
        }
    }

    private void believe(LogView view, List<Placed> found) {
        acknowledged.clear();
        for (Placed batch : found) {
            acknowledged.put(batch.baseOffset(), batch);
            removed.remove(batch.number());
        }
        believeProducers(found);
        durable.clear();
        found.forEach(batch -> durable.add(batch.number()));
        perhapsCutAt = Long.MAX_VALUE;
        cuts.clear();
        mayStartAt = Math.max(mayStartAt, view.logStartOffset());
        // what was sent and isn't there now was lost with the machine: it must not come back
        Set<Long> there = new HashSet<>();
        found.forEach(batch -> there.add(batch.number()));
        for (Long number : sent.keySet()) {
            if (!there.contains(number) && !isBelowStart(number, found)) {
                removed.add(number);
            }
        }
    }

    private void believeProducers(List<Placed> found) {
        wasCut = false;
        perhapsForgotten.clear();
        for (Producer producer : producers) {
            short lastEpoch = producer.epoch;
            producer.bumpEpoch();
            boolean known = false;
            for (Placed batch : found) {
                ByteBuffer bytes = ByteBuffer.wrap(bytesOf(batch.number()));
                if (bytes.getLong(BatchLayout.PRODUCER_ID_AT) != producer.id) {
                    continue;
                }
                short epoch = bytes.getShort(BatchLayout.PRODUCER_EPOCH_AT);
                if (!known || epoch != producer.epoch) {
                    known = true;
                    producer.recent.clear();
                    producer.epoch = epoch;
                }
                producer.nextSequence = bytes.getInt(BatchLayout.BASE_SEQUENCE_AT);
                producer.wrote(batch.number(), bytes.getInt(BatchLayout.RECORD_COUNT_AT));
            }
            perhapsForgotten.addAll(producer.recent);
            perhapsForgotten.remove(producer.recent.peekLast());
            if (known && producer.epoch < lastEpoch) {
                // batches of its last epoch were lost or removed: the log may remember it or not
                producer.epoch = lastEpoch;
                producer.bumpEpoch();
            }
        }
    }

    /** Records below a log start that was not yet written down may reappear, as in Kafka. */
    private static boolean isBelowStart(long number, List<Placed> found) {
        return found.isEmpty() || number < found.getFirst().number();
    }

    static long numberAt(ByteBuffer content, int position) {
        return SentBatches.number(content, position);
    }
}
