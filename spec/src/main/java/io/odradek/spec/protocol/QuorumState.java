package io.odradek.spec.protocol;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Optional;

/**
 * The variables of {@code tla/core/Quorum}. Entries are counted from 1; an offset is a number of entries, so the end of a log is its
 * length.
 *
 * @param epoch the newest epoch that a server knows
 * @param voted whom it voted for in it
 * @param leader who leads it as far as the server knows
 * @param role its place in the quorum
 * @param directory id of its disk: a number that grows when the disk is replaced
 * @param log its entries
 * @param synced how many of them a crash cannot take
 * @param start how many of them are readable only as a snapshot
 * @param hw how many of them it knows to be committed
 * @param ends a leader's view of the others
 * @param net what each fetcher has on the wire, in each slot
 * @param asked votes and pre-votes that were requested
 * @param votes votes and pre-votes that were granted, pre-votes also when refused
 * @param elected who won
 * @param committed the longest prefix that a leader ever counted as committed
 * @param records how many records were written
 * @param left what is left of the budget
 */
@RecordBuilder
public record QuorumState(
        Each<Integer> epoch,
        Each<Optional<ReplicaKey>> voted,
        Each<Node> leader,
        Each<Role> role,
        Each<Integer> directory,
        Each<List<Entry>> log,
        Each<Integer> synced,
        Each<Integer> start,
        Each<Integer> hw,
        Each<Each<End>> ends,
        Each<List<OnWire>> net,
        FiniteSet<VoteRequest> asked,
        FiniteSet<Ballot> votes,
        FiniteSet<Reign> elected,
        List<Entry> committed,
        int records,
        Budget left)
        implements QuorumStateBuilder.With {

    public enum Role {
        UNATTACHED,
        FOLLOWER,
        PROSPECTIVE,
        CANDIDATE,
        LEADER,
        RESIGNED
    }

    /** A server with a certain disk: one that comes back with an empty disk is somebody else (KIP-853). */
    public record ReplicaKey(Node server, int directory) {}

    /**
     * @param id of a record; 0 for other entries
     * @param voters when it says who votes; else none
     */
    public record Entry(int epoch, Kind kind, int id, FiniteSet<ReplicaKey> voters) {
        public enum Kind {
            LEADER,
            DATA,
            VOTERS
        }

        static Entry leads(int epoch) {
            return new Entry(epoch, Kind.LEADER, 0, FiniteSet.empty());
        }

        static Entry data(int epoch, int id) {
            return new Entry(epoch, Kind.DATA, id, FiniteSet.empty());
        }

        static Entry voters(int epoch, FiniteSet<ReplicaKey> voters) {
            return new Entry(epoch, Kind.VOTERS, 0, voters);
        }
    }

    /** How far a server has got, and on which disk. */
    public record End(int directory, int offset) {
        static final End UNKNOWN = new End(0, -1);
    }

    /** @param pre whether it only asks if it would win */
    public record VoteRequest(
            boolean pre, int epoch, ReplicaKey candidate, FiniteSet<ReplicaKey> voters, int lastEpoch, int end) {}

    public record Ballot(boolean pre, int epoch, ReplicaKey voter, ReplicaKey candidate, boolean granted) {}

    /** Who won an epoch. */
    public record Reign(int epoch, Node leader) {}

    /** In a slot of a fetcher: nothing, a request, or its answer. */
    public sealed interface OnWire {
        record Nothing() implements OnWire {}

        record Fetch(Node to, int epoch, int directory, int offset, int lastEpoch) implements OnWire {}

        /**
         * @param base the offset that was asked for
         * @param end of entries: how far they are committed; else where the logs part, or the snapshot ends
         */
        record Answer(Type type, int epoch, int base, List<Entry> entries, EpochEnd end) implements OnWire {
            public enum Type {
                ENTRIES,
                DIVERGING,
                SNAPSHOT
            }
        }
    }

    /** @param epoch 0 where none is meant */
    public record EpochEnd(int epoch, int end) {}

    /** How often something may still happen. */
    @RecordBuilder
    public record Budget(int crash, int wipe, int resign, int change, int snapshot)
            implements QuorumStateBudgetBuilder.With {}

    public ReplicaKey key(Node s) {
        return new ReplicaKey(s, directory.of(s));
    }

    boolean is(Node s, Role wanted) {
        return role.of(s) == wanted;
    }

    /** How many entries its log has. */
    public int end(Node s) {
        return log.of(s).size();
    }

    static int lastEpoch(List<Entry> entries) {
        return entries.isEmpty() ? 0 : entries.getLast().epoch();
    }
}
