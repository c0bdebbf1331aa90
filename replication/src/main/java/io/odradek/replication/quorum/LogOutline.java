package io.odradek.replication.quorum;

import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What the machine knows of its log: where it begins and ends, which epoch is where, and what it says of the voters. The records are
 * the host's, which does to the log what the machine asks for, in that order, so the outline is the log's own.
 *
 * <pre>
 *   0 ............ start ............ durableEnd ............ end
 *   └ only in the    └ records, on disk   └ records that a crash
 *     snapshot                              may take
 * </pre>
 */
public final class LogOutline {

    private final VoterSet initialVoters;

    /** The first offset of each epoch; the snapshot's epoch is in it. */
    private final NavigableMap<Integer, Long> epochs = new TreeMap<>();

    /** By the end offset of the batch that says so; one that the snapshot carries stands at the start. */
    private final NavigableMap<Long, VoterSet> votersByEnd = new TreeMap<>();

    /** Where the batches begin that are not known to be committed: a cut takes none of them in part. */
    private final NavigableSet<Long> uncommittedBatches = new TreeSet<>();

    private OffsetAndEpoch start = OffsetAndEpoch.NOTHING;
    private long end;
    private long durableEnd;
    private long highWatermark;

    /** How often something was taken from its end. */
    private long cuts;

    /**
     * An empty log.
     *
     * @param initialVoters who votes before the log says anything about it
     */
    public LogOutline(VoterSet initialVoters) {
        this.initialVoters = initialVoters;
    }

    /**
     * The log begins with a snapshot, and has nothing else yet: so when it is opened, and when one has come from the leader.
     *
     * @param voters that the snapshot carries; null when it says nothing of them
     */
    public void beginWith(OffsetAndEpoch snapshot, @Nullable VoterSet voters) {
        VoterSet before = voters();
        epochs.clear();
        uncommittedBatches.clear();
        votersByEnd.clear();
        start = snapshot;
        end = snapshot.offset();
        durableEnd = end;
        highWatermark = Math.max(highWatermark, end);
        cuts++;
        if (snapshot.offset() > 0) {
            epochs.put(snapshot.epoch(), snapshot.offset());
        }
        VoterSet after = voters == null ? before : voters;
        if (!after.equals(initialVoters)) {
            votersByEnd.put(end, after);
        }
    }

    /**
     * Next in the log.
     *
     * @throws IllegalArgumentException when it does not fit there: the log would be no log any more
     */
    public void append(EntryBatch batch) {
        if (batch.baseOffset() != end || batch.epoch() < lastEpoch()) {
            throw new IllegalArgumentException("a batch at offset " + batch.baseOffset() + " of epoch " + batch.epoch()
                    + " does not follow a log that ends at " + endOffset());
        }
        epochs.putIfAbsent(batch.epoch(), end);
        uncommittedBatches.add(end);
        end = batch.endOffset();
        if (batch.voters() != null) {
            votersByEnd.put(end, batch.voters());
        }
    }

    /**
     * What is wrong with batches that are to follow, from a leader of {@code newestEpoch}; null when nothing is.
     */
    @Nullable
    String objection(List<EntryBatch> batches, int newestEpoch) {
        long next = end;
        int epoch = lastEpoch();
        for (EntryBatch batch : batches) {
            if (batch.baseOffset() != next || batch.epoch() < epoch || batch.epoch() > newestEpoch) {
                return "a batch at offset " + batch.baseOffset() + " of epoch " + batch.epoch() + " where offset "
                        + next + " and an epoch from " + epoch + " to " + newestEpoch + " was expected";
            }
            next = batch.endOffset();
            epoch = batch.epoch();
        }
        return null;
    }

    /** All of it is on disk: so after it was opened. */
    public void allDurable() {
        durableEnd = end;
    }

    /**
     * A sync has ended.
     *
     * @param offset where the log ended when it began
     * @param cutsThen what {@link #cuts} was then: what it made durable may have been cut since, and written anew
     */
    void durable(long offset, long cutsThen) {
        if (cutsThen != cuts) {
            return;
        }
        if (offset > end) {
            throw new IllegalArgumentException("durable up to offset " + offset + ", the log ends at " + end);
        }
        durableEnd = Math.max(durableEnd, offset);
    }

    /** How often records were taken from the log's end, by a cut or by a snapshot in its place. */
    public long cuts() {
        return cuts;
    }

    /** Of the batch with this offset; the offset itself where the log ends, or where all is committed. */
    long startOfBatch(long offset) {
        Long start = offset < end ? uncommittedBatches.floor(offset) : null;
        return start == null ? offset : start;
    }

    void truncate(long to) {
        if (to < highWatermark || to > end) {
            throw new IllegalStateException("cannot cut the log at offset " + to + ": it ends at " + end
                    + " and is committed up to " + highWatermark);
        }
        end = to;
        durableEnd = Math.min(durableEnd, to);
        cuts++;
        uncommittedBatches.tailSet(to, true).clear();
        epochs.values().removeIf(first -> first >= to && first > start.offset());
        if (to == start.offset()) {
            epochs.keySet().removeIf(epoch -> epoch > start.epoch());
        }
        votersByEnd.tailMap(to, false).clear();
    }

    /**
     * Learns that all below {@code offset} is committed.
     *
     * @return whether that is news
     */
    boolean commit(long offset) {
        if (offset > end) {
            throw new IllegalArgumentException("committed up to offset " + offset + ", the log ends at " + end);
        }
        boolean news = offset > highWatermark;
        uncommittedBatches.headSet(offset, false).clear();
        highWatermark = Math.max(highWatermark, offset);
        return news;
    }

    /** A snapshot stands for what lies below it. */
    void startAt(OffsetAndEpoch snapshot) {
        if (snapshot.offset() < start.offset() || snapshot.offset() > snapshotEnd()) {
            throw new IllegalArgumentException("a snapshot at " + snapshot + " for a log that starts at offset "
                    + start.offset() + ", durable to " + durableEnd + ", committed to " + highWatermark);
        }
        int epoch = epochAt(snapshot.offset());
        if (epoch != snapshot.epoch()) {
            throw new IllegalArgumentException("a snapshot at " + snapshot + ", where the log has epoch " + epoch);
        }
        start = snapshot;
        epochs.headMap(epoch, false).clear();
        Map.Entry<Long, VoterSet> voters = votersByEnd.floorEntry(snapshot.offset());
        if (voters != null) {
            votersByEnd.headMap(voters.getKey(), false).clear();
        }
    }

    /** Exclusive; where the log goes on behind its snapshot. */
    public OffsetAndEpoch start() {
        return start;
    }

    /** Exclusive. */
    public long end() {
        return end;
    }

    /** Exclusive; what a crash cannot take. */
    public long durableEnd() {
        return durableEnd;
    }

    /** Exclusive; what lies below is known to be committed, for good. At first what the snapshot covers. */
    public long highWatermark() {
        return highWatermark;
    }

    /** Exclusive; a snapshot reaches no further: what it covers is committed, and on this disk. */
    public long snapshotEnd() {
        return Math.min(highWatermark, durableEnd);
    }

    /** Where the log ends, and the epoch of the last record; 0 when there is none. */
    public OffsetAndEpoch endOffset() {
        return new OffsetAndEpoch(end, lastEpoch());
    }

    int lastEpoch() {
        return epochs.isEmpty() ? 0 : epochs.lastKey();
    }

    /** Of the last record below {@code offset}; 0 when there is none. */
    int epochAt(long offset) {
        if (offset == start.offset()) {
            return start.epoch();
        }
        int found = 0;
        for (Map.Entry<Integer, Long> epoch : epochs.entrySet()) {
            if (epoch.getValue() < offset) {
                found = epoch.getKey();
            }
        }
        return found;
    }

    /**
     * The last epoch here that is not after {@code epoch}, and where it ends: what a leader answers to a fetch that does not fit,
     * and what the follower compares it with (KIP-101, 279). Below its snapshot a log knows no epoch but the snapshot's own.
     */
    OffsetAndEpoch endOfEpoch(int epoch) {
        Map.Entry<Integer, Long> last = epochs.floorEntry(epoch);
        if (last == null) {
            return new OffsetAndEpoch(start.offset(), 0);
        }
        Map.Entry<Integer, Long> next = epochs.higherEntry(epoch);
        return new OffsetAndEpoch(next == null ? end : next.getValue(), last.getKey());
    }

    /** By the newest batch that says so, committed or not (KIP-853). */
    public VoterSet voters() {
        return votersByEnd.isEmpty() ? initialVoters : votersByEnd.lastEntry().getValue();
    }

    /** What a snapshot at {@code offset} has to carry. */
    public VoterSet votersAt(long offset) {
        Map.Entry<Long, VoterSet> said = votersByEnd.floorEntry(offset);
        return said == null ? initialVoters : said.getValue();
    }

    /** Whether {@code replica} votes by what the log says at this offset, or anywhere behind it. */
    boolean votesFrom(long offset, ReplicaKey replica) {
        return votersAt(offset).has(replica)
                || votersByEnd.tailMap(offset, false).values().stream().anyMatch(voters -> voters.has(replica));
    }

    /** Whether the newest word on the voters is not known to be committed. */
    boolean votersAreChanging() {
        return !votersByEnd.isEmpty() && votersByEnd.lastKey() > highWatermark;
    }
}
