package io.odradek.spec.protocol;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Optional;

/**
 * The variables of {@code tla/core/Isr}, and what can be said of them alone.
 *
 * @param metadata the controller's decisions; the partition epoch of a decision is its place, from 1
 * @param registration of each broker, at the controller
 * @param process whether it runs, and how it ended
 * @param applied how much of the metadata a broker has applied
 * @param lease whether it may act as leader, for all it knows
 * @param log records of a replica
 * @param synced below this offset records survive a crash
 * @param highWatermark below this offset records are committed, for all the replica knows
 * @param epochStart a leader's: where its log ended when its epoch began
 * @param progress a leader's: what each follower's last fetch says
 * @param proposal a leader's: the change of the ISR that it has proposed and not heard of
 * @param exchange for each follower what it has on the wire, in each place for a fetch
 * @param committed the longest prefix that was ever below a leader's high watermark
 * @param acked ids of the records whose producers were told that they are safe
 * @param received what each consumer has read
 * @param nextId id of the next record
 * @param left the faults that may still happen
 */
@RecordBuilder
public record IsrState(
        List<Partition> metadata,
        Each<Registration> registration,
        Each<ProcessState> process,
        Each<Integer> applied,
        Each<Boolean> lease,
        Each<List<LogRecord>> log,
        Each<Integer> synced,
        Each<Integer> highWatermark,
        Each<Integer> epochStart,
        Each<Each<Progress>> progress,
        Each<Optional<Proposal>> proposal,
        Each<List<InFlight>> exchange,
        List<LogRecord> committed,
        FiniteSet<Integer> acked,
        List<List<LogRecord>> received,
        int nextId,
        Faults left)
        implements IsrStateBuilder.With {

    /** One decision of the controller. */
    @RecordBuilder
    public record Partition(Node leader, int leaderEpoch, FiniteSet<Node> isr, FiniteSet<Node> elr, boolean unclean)
            implements IsrStatePartitionBuilder.With {}

    public record Registration(boolean fenced, int brokerEpoch) {}

    public enum ProcessState {
        UP,
        STOPPED,
        CRASHED
    }

    /** @param id of one producer's write */
    public record LogRecord(int epoch, int id) {}

    /** The follower has everything below the offset. */
    public record Progress(int offset, int brokerEpoch) {
        static final Progress NOT_HEARD = new Progress(-1, 0);
    }

    /**
     * @param joins who is in it and was not
     * @param brokerEpoch of who joins; 0 if nobody does
     * @param copies of it that may be under way
     */
    @RecordBuilder
    public record Proposal(
            FiniteSet<Node> isr, FiniteSet<Node> joins, int brokerEpoch, int partitionEpoch, Copies copies)
            implements IsrStateProposalBuilder.With {}

    /** Of a proposal: one, or as many as anybody likes, or none, as the only one was refused. */
    public enum Copies {
        ONE,
        MANY,
        REFUSED
    }

    /** In a place for a fetch: nothing, the fetch, or its answer. */
    public sealed interface InFlight {
        record Nothing() implements InFlight {}

        record Fetch(Node to, int leaderEpoch, int brokerEpoch, int offset, int lastEpoch) implements InFlight {}

        record Records(int leaderEpoch, int offset, List<LogRecord> records, int highWatermark) implements InFlight {}

        record Diverging(int leaderEpoch, int offset, EpochEnd end) implements InFlight {}
    }

    /** Of an epoch, or of the largest before it that is known; epoch 0 if there is none. */
    public record EpochEnd(int epoch, int offset) {}

    /** How many may still happen. */
    @RecordBuilder
    public record Faults(int crash, int stop, int fence, int shrink, int doubt) implements IsrStateFaultsBuilder.With {}

    Partition current() {
        return metadata.getLast();
    }

    boolean isUp(Node r) {
        return process.of(r) == ProcessState.UP;
    }

    /** The partition, for all r knows. */
    Partition known(Node r) {
        return metadata.get(applied.of(r) - 1);
    }

    int epoch(Node r) {
        return known(r).leaderEpoch();
    }

    boolean leads(Node r) {
        return isUp(r) && known(r).leader().equals(r) && lease.of(r);
    }

    boolean follows(Node r) {
        return isUp(r)
                && !known(r).leader().equals(Node.NOBODY)
                && !known(r).leader().equals(r);
    }

    boolean isFenced(Node r) {
        return registration.of(r).fenced();
    }

    /** How many records it has. */
    public int end(Node r) {
        return log.of(r).size();
    }
}
