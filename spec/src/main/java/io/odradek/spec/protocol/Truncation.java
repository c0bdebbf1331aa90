package io.odradek.spec.protocol;

import static io.odradek.spec.protocol.Sequences.agreedEnd;
import static io.odradek.spec.protocol.Sequences.append;
import static io.odradek.spec.protocol.Sequences.between;
import static io.odradek.spec.protocol.Sequences.concat;
import static io.odradek.spec.protocol.Sequences.cutTo;

import io.odradek.spec.protocol.TruncationState.EpochEnd;
import io.odradek.spec.protocol.TruncationState.Exchange;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * {@code tla/core/Truncation}: how a follower's log becomes the leader's, from every pair of logs up to a length that several leaders can
 * have left.
 *
 * @param maxEpoch the epochs that wrote the logs; the leader's own is the next
 * @param maxLength of either log
 * @param fetchSize records in an answer
 */
public record Truncation(int maxEpoch, int maxLength, int fetchSize) implements ReferenceModel<TruncationState> {
    private static final int NO_EPOCH = 0;
    private static final List<TruncationState> NOT_ENABLED = List.of();

    // What several leaders can leave.

    @Override
    public List<TruncationState> initialStates() {
        List<TruncationState> initial = new ArrayList<>();
        List<List<Integer>> logs = allLogs();
        for (List<Integer> leader : logs) {
            for (List<Integer> follower : logs) {
                if (isOneHistory(leader, follower)) {
                    List<Integer> agreed = cutTo(leader, agreedEnd(leader, follower));
                    for (int committed = 0; committed <= agreed.size(); committed++) {
                        // The follower hears of it later.
                        for (int heard = 0; heard <= committed; heard++) {
                            initial.add(new TruncationState(
                                    leader,
                                    follower,
                                    heard,
                                    new Exchange.News(),
                                    agreed,
                                    committed,
                                    0,
                                    Set.copyOf(follower)));
                        }
                    }
                }
            }
        }
        return initial;
    }

    /** Epochs never go back within a log. */
    private List<List<Integer>> allLogs() {
        List<List<Integer>> all = new ArrayList<>(List.of(List.of()));
        // What is added is lengthened in its turn.
        for (int i = 0; i < all.size(); i++) {
            List<Integer> log = all.get(i);
            for (int epoch = Math.max(lastEpoch(log), 1); log.size() < maxLength && epoch <= maxEpoch; epoch++) {
                all.add(append(log, epoch));
            }
        }
        return all;
    }

    /** Who has a record of an epoch has everything that its leader had before it, in the same places. */
    private static boolean isOneHistory(List<Integer> one, List<Integer> other) {
        int agreed = agreedEnd(one, other);
        for (int i = 0; i < one.size(); i++) {
            for (int j = 0; j < other.size(); j++) {
                if (one.get(i).equals(other.get(j)) && Math.min(i, j) + 1 > agreed) {
                    return false;
                }
            }
        }
        return true;
    }

    @Override
    public List<Step<TruncationState>> successors(TruncationState state) {
        Steps<TruncationState> steps = new Steps<>();
        steps.add(Action.of("BecomeFollower"), becomeFollower(state));
        steps.add(Action.of("SendFetch"), sendFetch(state));
        steps.add(Action.of("AnswerFetch"), answerFetch(state));
        steps.add(Action.of("Cut"), cut(state));
        steps.add(Action.of("AppendFetched"), appendFetched(state));
        steps.add(Action.of("Write"), write(state));
        return steps.all();
    }

    // The follower.

    /** It hears of a new leader, and cuts nothing. */
    private static List<TruncationState> becomeFollower(TruncationState s) {
        return s.exchange() instanceof Exchange.News ? List.of(s.withExchange(new Exchange.Nothing())) : NOT_ENABLED;
    }

    /** The epoch of the last record goes with the offset (KIP-595). Once the logs are equal, fetches change nothing. */
    private static List<TruncationState> sendFetch(TruncationState s) {
        if (!(s.exchange() instanceof Exchange.Nothing) || s.followerLog().equals(s.leaderLog())) {
            return NOT_ENABLED;
        }
        return List.of(s.withExchange(new Exchange.Request(s.followerLog().size(), lastEpoch(s.followerLog()))));
    }

    /** It cuts to where it was told, or to where its own records of that epoch end if that is nearer (KIP-279). */
    private static List<TruncationState> cut(TruncationState s) {
        if (!(s.exchange() instanceof Exchange.Diverging(EpochEnd told))) {
            return NOT_ENABLED;
        }
        int own = endOfEpoch(s.followerLog(), told.epoch()).endOffset();
        int end = Math.min(own, told.endOffset());
        return List.of(s.with(it -> it.followerLog(cutTo(s.followerLog(), end))
                .highWatermark(Math.min(s.highWatermark(), end))
                .cuts(s.cuts() + 1)
                .exchange(new Exchange.Nothing())));
    }

    /** It appends what it was sent. */
    private static List<TruncationState> appendFetched(TruncationState s) {
        if (!(s.exchange() instanceof Exchange.Records sent)) {
            return NOT_ENABLED;
        }
        return List.of(s.with(
                it -> it.followerLog(concat(s.followerLog(), sent.records())).exchange(new Exchange.Nothing())));
    }

    // The leader.

    /** It sends records, or where its part of the follower's last epoch ends when the two diverge. */
    private List<TruncationState> answerFetch(TruncationState s) {
        if (!(s.exchange() instanceof Exchange.Request request)) {
            return NOT_ENABLED;
        }
        EpochEnd end = endOfEpoch(s.leaderLog(), request.lastFetchedEpoch());
        int from = request.fetchOffset();
        return List.of(s.withExchange(
                diverges(request, end)
                        ? new Exchange.Diverging(end)
                        : new Exchange.Records(
                                from,
                                between(
                                        s.leaderLog(),
                                        from,
                                        Math.min(from + fetchSize, s.leaderLog().size())))));
    }

    /** The two diverge when the epoch is not the leader's, or ends before the follower's log does (KIP-101, KIP-279). */
    private static boolean diverges(Exchange.Request request, EpochEnd end) {
        return request.fetchOffset() > 0
                && (end.epoch() < request.lastFetchedEpoch() || end.endOffset() < request.fetchOffset());
    }

    /** It writes whenever it likes, also while the two still diverge. */
    private List<TruncationState> write(TruncationState s) {
        int ownEpoch = maxEpoch + 1;
        return s.leaderLog().size() < maxLength
                ? List.of(s.withLeaderLog(append(s.leaderLog(), ownEpoch)))
                : NOT_ENABLED;
    }

    // The leader epochs of a log.

    /** The largest epoch up to this one that has records, and where they end. */
    private static EpochEnd endOfEpoch(List<Integer> log, int epoch) {
        int end = (int) log.stream().filter(written -> written <= epoch).count();
        return new EpochEnd(end == 0 ? NO_EPOCH : log.get(end - 1), end);
    }

    private static int lastEpoch(List<Integer> log) {
        return log.isEmpty() ? NO_EPOCH : log.getLast();
    }
}
