package io.odradek.replication.partition;

import io.odradek.replication.partition.FetchAnswer.Diverging;
import io.odradek.replication.partition.FetchAnswer.OutOfRange;
import io.odradek.replication.partition.FetchAnswer.Records;
import io.odradek.replication.partition.FetchAnswer.Refused;
import io.odradek.replication.partition.FollowerEffect.AdvanceLogStart;
import io.odradek.replication.partition.FollowerEffect.AppendFetched;
import io.odradek.replication.partition.FollowerEffect.Complain;
import io.odradek.replication.partition.FollowerEffect.Fetch;
import io.odradek.replication.partition.FollowerEffect.LearnHighWatermark;
import io.odradek.replication.partition.FollowerEffect.StartOver;
import io.odradek.replication.partition.FollowerEffect.Truncate;
import io.odradek.replication.partition.FollowerEvent.FetchAnswered;
import io.odradek.replication.partition.FollowerEvent.FetchFailed;
import io.odradek.replication.partition.FollowerEvent.FetchedAppended;
import io.odradek.replication.partition.FollowerEvent.Truncated;
import io.odradek.replication.partition.ReplicaEvent.LocallyAppended;
import io.odradek.replication.partition.ReplicaEvent.TimePassed;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Follows one leader through one epoch: {@code tla/core/Isr}, the actions of a follower. It asks for what comes after its log, does with it
 * what the answer says, and asks again. Confined to the loop that settles the partition.
 *
 * <pre>
 *             ┌────────────────── durable again, or after a while ◄──────────────────┐
 *             ▼                                                                      │
 *          Idle ──fetch──► Asking ──records──────────► Appending ──appended──────────┤
 *                             │ └──diverging, nothing there──► Cutting ──truncated───┤
 *                             └──nothing new, refused, failed────────────────────────┘
 * </pre>
 *
 * It asks only when all that it has is as durable as the topic wants, so that where it asks from acknowledges; and it does one thing at a
 * time, so an answer that is not to its present exchange is of no use.
 */
final class FollowerMachine {

    /** What it waits for. */
    private sealed interface Phase {
        /** For its log to be durable, or for the time. */
        record Idle(long notBeforeMs) implements Phase {}

        /** For the leader. */
        record Asking(long exchange, long fetchOffset) implements Phase {}

        /** For its log to have what the leader sent. */
        record Appending(long exchange, long logEndOffset, Records answer) implements Phase {}

        /** For its log to be cut, or begun anew. */
        record Cutting(long highWatermark) implements Phase {}
    }

    private final int localId;
    private final long brokerEpoch;
    private final int leader;
    private final int leaderEpoch;
    private final ReplicaLog log;
    private final ReplicationSettings settings;
    private Phase phase;
    private long durableEnd;
    private long highWatermark;
    private long nextExchange;
    private long nowMs;

    /** Of the step that is being taken. */
    private List<FollowerEffect> effects = new ArrayList<>();

    /**
     * @param brokerEpoch of this process
     * @param highWatermark last one known, at most the log's end
     * @param durableEnd of the log, exclusive; a leader that was may still have to sync
     * @param firstExchange the next machine goes on where this one ended, see {@link #nextExchange}
     */
    FollowerMachine(
            int localId,
            long brokerEpoch,
            int leader,
            int leaderEpoch,
            long highWatermark,
            long durableEnd,
            ReplicaLog log,
            ReplicationSettings settings,
            long firstExchange,
            long nowMs) {
        if (highWatermark > log.logEndOffset()) {
            throw new IllegalArgumentException(
                    "high watermark " + highWatermark + " is beyond the log's end " + log.logEndOffset());
        }
        this.localId = localId;
        this.brokerEpoch = brokerEpoch;
        this.leader = leader;
        this.leaderEpoch = leaderEpoch;
        this.highWatermark = highWatermark;
        this.durableEnd = durableEnd;
        this.log = log;
        this.settings = settings;
        this.nextExchange = firstExchange;
        this.nowMs = nowMs;
        this.phase = new Phase.Idle(nowMs);
    }

    // ---- Looking at it. On the loop.

    int leader() {
        return leader;
    }

    int leaderEpoch() {
        return leaderEpoch;
    }

    /** Exclusive; at most the log's end. It goes back only when the log is cut below it, after an unclean election. */
    long highWatermark() {
        return highWatermark;
    }

    /** What may be written down of it: no more than is durable here, and than what is being cut will leave. */
    long checkpoint() {
        long certain = Math.min(highWatermark, durableEnd);
        return phase instanceof Phase.Cutting(long afterwards) ? Math.min(certain, afterwards) : certain;
    }

    long nextExchange() {
        return nextExchange;
    }

    /** Whether something is being done to the log, so that nothing else may be. */
    boolean changesLog() {
        return phase instanceof Phase.Appending || phase instanceof Phase.Cutting;
    }

    /** When {@link TimePassed} is wanted, at the latest. */
    long deadlineMs() {
        return phase instanceof Phase.Idle(long notBeforeMs) && notBeforeMs > nowMs ? notBeforeMs : Long.MAX_VALUE;
    }

    // ---- Steps.

    /** @param goesOn whether it is to ask again, when it can; not when it is known that its epoch is over */
    List<FollowerEffect> step(long now, ReplicaEvent event, boolean goesOn) {
        effects = new ArrayList<>();
        nowMs = Math.max(nowMs, now);
        switch (event) {
            case LocallyAppended(long end) -> {
                assert end >= durableEnd : "durable end went back from " + durableEnd + " to " + end;
                durableEnd = end;
            }
            case FetchAnswered answered -> onAnswer(answered);
            case FetchFailed(long exchange) -> {
                if (isPresent(exchange)) {
                    waitAWhile();
                }
            }
            case FetchedAppended(long exchange, long logEndOffset) -> onAppended(exchange, logEndOffset);
            case Truncated(long logEndOffset) -> onTruncated(logEndOffset);
            case TimePassed(), LeaderEvent _ -> {}
        }
        if (goesOn) {
            fetch();
        }
        List<FollowerEffect> wanted = effects;
        effects = new ArrayList<>();
        return List.copyOf(wanted);
    }

    /** {@code SendFetch}. */
    private void fetch() {
        if (phase instanceof Phase.Idle(long notBeforeMs) && notBeforeMs <= nowMs && durableEnd == log.logEndOffset()) {
            long exchange = nextExchange++;
            phase = new Phase.Asking(exchange, durableEnd);
            effects.add(new Fetch(
                    exchange,
                    leader,
                    new ReplicaFetch(
                            localId,
                            brokerEpoch,
                            leaderEpoch,
                            durableEnd,
                            log.lastEpoch(),
                            log.durableLogStart(),
                            highWatermark,
                            settings.fetchMaxWaitMs())));
        }
    }

    private boolean isPresent(long exchange) {
        return phase instanceof Phase.Asking asking && asking.exchange() == exchange;
    }

    /** {@code GiveUpFetch}: the leader may be dead, or slow. The old fetch may still arrive. */
    private void waitAWhile() {
        phase = new Phase.Idle(nowMs + settings.retryBackoffMs());
    }

    private void onAnswer(FetchAnswered answered) {
        if (!(phase instanceof Phase.Asking asking)
                || asking.exchange() != answered.exchange()
                || answered.leaderEpoch() != leaderEpoch) {
            return; // DropAnswer
        }
        switch (answered.answer()) {
            case Records records -> takeRecords(asking, records);
            case Diverging(EpochEnd end) -> takeDivergence(end);
            case OutOfRange range -> takeOutOfRange(asking, range);
            case Refused _ -> waitAWhile(); // until the metadata says who leads
        }
    }

    // ---- Records.

    /** {@code TakeRecords}, when they are in the log. */
    private void takeRecords(Phase.Asking asking, Records records) {
        String wrong = objection(asking.fetchOffset(), records);
        if (wrong != null) {
            complain(wrong + ": nothing of it was appended");
            return;
        }
        if (records.batches().isEmpty()) {
            phase = new Phase.Idle(nowMs);
            learn(records);
        } else {
            phase = new Phase.Appending(
                    asking.exchange(), records.batches().getLast().endOffset(), records);
            effects.add(new AppendFetched(asking.exchange()));
        }
    }

    private void onAppended(long exchange, long logEndOffset) {
        if (phase instanceof Phase.Appending appending && appending.exchange() == exchange) {
            if (logEndOffset != appending.logEndOffset()) {
                throw new IllegalStateException("records up to offset " + appending.logEndOffset()
                        + " were appended, and the log ends at " + logEndOffset);
            }
            phase = new Phase.Idle(nowMs);
            learn(appending.answer());
        }
    }

    /** The leader's high watermark is taken over as far as the log goes; then what was deleted there goes. */
    private void learn(Records records) {
        long heard = Math.min(records.highWatermark(), log.logEndOffset());
        if (heard > highWatermark) {
            highWatermark = heard;
            effects.add(new LearnHighWatermark(heard));
        }
        long start = Math.min(records.logStartOffset(), highWatermark);
        if (start > log.durableLogStart()) {
            effects.add(new AdvanceLogStart(start));
        }
    }

    /** What is wrong with an answer; null when nothing is. */
    private @Nullable String objection(long fetchOffset, Records records) {
        long next = fetchOffset;
        int epoch = log.lastEpoch();
        if (epoch == ReplicaLog.NO_EPOCH
                && !records.batches().isEmpty()
                && records.batches().getFirst().endOffset() > fetchOffset) {
            // The log begins within a batch, where the leader has deleted records: it comes whole.
            next = Math.min(next, records.batches().getFirst().baseOffset());
        }
        for (BatchSpan batch : records.batches()) {
            if (batch.baseOffset() < next || batch.epoch() < epoch || batch.epoch() > leaderEpoch) {
                return "sent a batch at offset " + batch.baseOffset() + " of epoch " + batch.epoch() + " where offset "
                        + next + " or more and an epoch from " + epoch + " to " + leaderEpoch + " was expected";
            }
            next = batch.endOffset();
            epoch = batch.epoch();
        }
        return records.logStartOffset() > records.highWatermark()
                ? "has deleted below offset " + records.logStartOffset() + ", beyond its high watermark "
                        + records.highWatermark()
                : null;
    }

    // ---- Cutting.

    /**
     * {@code TakeDivergence}: it cuts where its history and its leader's part, as far as it knows, and asks again; the next answer may tell
     * it to cut further. By epochs, never to the high watermark, which lags behind what is committed (KIP-101). By the nearer of the two ends
     * (KIP-279).
     */
    private void takeDivergence(EpochEnd leaders) {
        if (log.lastEpoch() == ReplicaLog.NO_EPOCH) {
            phase = new Phase.Idle(nowMs); // all was deleted since it asked: nothing of it differs any more
            return;
        }
        if (leaders.epoch() == ReplicaLog.NO_EPOCH && leaders.endOffset() > log.logStartOffset()) {
            // All that the leader still has was written later than anything here, so from its start on the two differ,
            // and
            // what lies below was committed and deleted.
            if (log.logEndOffset() == leaders.endOffset() && highWatermark >= leaders.endOffset()) {
                // So was all of this, and it is the same: what is known of its producers stays.
                effects.add(new AdvanceLogStart(leaders.endOffset()));
                waitAWhile();
            } else {
                startOver(leaders.endOffset());
            }
            return;
        }
        long own = log.endOfEpoch(leaders.epoch()).endOffset();
        long to = Math.max(log.logStartOffset(), Math.min(own, leaders.endOffset()));
        if (to >= log.logEndOffset()) {
            complain("says that the logs part after epoch " + leaders.epoch() + " at offset " + leaders.endOffset()
                    + ", up to where this one is the same: it ends at " + log.logEndOffset()
                    + " in epoch " + log.lastEpoch());
            return;
        }
        long kept = keptHighWatermark(to);
        phase = new Phase.Cutting(kept);
        effects.add(new Truncate(to, kept));
    }

    /**
     * All that this one has was deleted at the leader; or the leader ends before where this one, which is empty, would begin. Either way it
     * begins where the leader does.
     */
    private void takeOutOfRange(Phase.Asking asking, OutOfRange range) {
        boolean below = asking.fetchOffset() < range.logStartOffset();
        boolean beyond = asking.fetchOffset() > range.logEndOffset() && log.lastEpoch() == ReplicaLog.NO_EPOCH;
        if (below || beyond) {
            startOver(range.logStartOffset());
        } else {
            complain("has nothing at offset " + asking.fetchOffset() + ", though its log is said to go from "
                    + range.logStartOffset() + " to " + range.logEndOffset());
        }
    }

    private void startOver(long from) {
        keptHighWatermark(from);
        phase = new Phase.Cutting(from);
        effects.add(new StartOver(from));
    }

    /** What a cut leaves of it. */
    private long keptHighWatermark(long to) {
        if (to < highWatermark) {
            effects.add(new Complain(by("has not what was committed here, from offset " + to + " to " + highWatermark
                    + ": it was elected without being in sync, and that is lost now")));
        }
        return Math.min(highWatermark, to);
    }

    private void onTruncated(long logEndOffset) {
        if (phase instanceof Phase.Cutting(long afterwards)) {
            phase = new Phase.Idle(nowMs);
            durableEnd = logEndOffset; // before it asked, all was durable
            // Where compaction has left nothing below the cut, the log ends with the last batch that is there.
            highWatermark = Math.min(afterwards, logEndOffset);
        }
    }

    private void complain(String what) {
        effects.add(new Complain(by(what)));
        waitAWhile();
    }

    private String by(String what) {
        return "the leader of epoch " + leaderEpoch + ", broker " + leader + ", " + what;
    }
}
