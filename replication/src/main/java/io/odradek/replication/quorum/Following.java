package io.odradek.replication.quorum;

import io.odradek.replication.quorum.QuorumAnswer.Diverging;
import io.odradek.replication.quorum.QuorumAnswer.Entries;
import io.odradek.replication.quorum.QuorumAnswer.SnapshotNeeded;
import io.odradek.replication.quorum.QuorumEffect.Append;
import io.odradek.replication.quorum.QuorumEffect.Commit;
import io.odradek.replication.quorum.QuorumEffect.Complain;
import io.odradek.replication.quorum.QuorumEffect.FetchSnapshot;
import io.odradek.replication.quorum.QuorumEffect.InstallSnapshot;
import io.odradek.replication.quorum.QuorumEffect.Truncate;
import io.odradek.replication.quorum.QuorumEvent.SnapshotFetched;
import io.odradek.replication.quorum.QuorumRequest.Fetch;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Has a leader and fetches from it: when to lose patience with it, and what its answers do to the log. */
final class Following implements Role {

    /** One may be a connection that was closed for any reason, and the next come too early for another. */
    private static final int FAILURES_IN_A_ROW = 3;

    private final int epoch;
    private final int leader;
    private final LogOutline log;
    private final int fetchTimeoutMs;
    private long deadlineMs;
    private boolean hearing;

    /** Fetches that failed since the leader answered last. */
    private int failures;

    private @Nullable OffsetAndEpoch fetchedSnapshot;

    Following(int epoch, int leader, LogOutline log, int fetchTimeoutMs, long nowMs) {
        this.epoch = epoch;
        this.leader = leader;
        this.log = log;
        this.fetchTimeoutMs = fetchTimeoutMs;
        this.deadlineMs = nowMs + fetchTimeoutMs;
    }

    int leader() {
        return leader;
    }

    // ---- Patience.

    @Override
    public long deadlineMs() {
        return fetchedSnapshot == null ? deadlineMs : Long.MAX_VALUE; // the host gives it up, if need be
    }

    private void heard(long nowMs) {
        deadlineMs = nowMs + fetchTimeoutMs;
        failures = 0;
        hearing = true;
    }

    /** The leader is on its way out: look for another at this time. */
    void leaderEnds(long atMs) {
        deadlineMs = Math.min(deadlineMs, atMs);
        hearing = false;
    }

    /**
     * A fetch has failed. Where nobody listens any more that is soon said, and the patience is for leaders that may live: one that cannot be
     * reached again and again is given up early. If it lives after all, those that hear it refuse whoever would take over (KIP-996).
     *
     * @param giveUpAtMs when to look for another, in that case
     */
    void failed(long giveUpAtMs) {
        failures++;
        if (failures >= FAILURES_IN_A_ROW) {
            leaderEnds(giveUpAtMs);
        }
    }

    /** An observer has waited in vain. */
    void lost() {
        deadlineMs = Long.MAX_VALUE;
        hearing = false;
    }

    /** Whether the leader has answered within the time, so that nobody else is needed (KIP-996). */
    boolean hearing() {
        return hearing;
    }

    /** Whether an observer has to ask others who leads. */
    boolean isLost() {
        return deadlineMs == Long.MAX_VALUE;
    }

    // ---- What the leader answers. The last effect is a complaint when it was refused.

    /** {@code TakeEntries}. */
    List<QuorumEffect> takeEntries(Fetch fetch, Entries answer, long nowMs) {
        heard(nowMs);
        List<QuorumEffect> effects = new ArrayList<>();
        if (!isOf(fetch)) {
            return effects;
        }
        String wrong = log.objection(answer.batches(), epoch);
        if (wrong != null) {
            return complain("sent " + wrong + ": nothing of it was appended");
        }
        for (EntryBatch batch : answer.batches()) {
            log.append(batch);
            effects.add(new Append(batch));
        }
        if (log.commit(Math.min(answer.highWatermark(), log.end()))) {
            effects.add(new Commit(log.highWatermark()));
        }
        return effects;
    }

    /**
     * {@code CutBack}: where the two logs can still agree. A batch that the leader's epoch ends within is of an epoch before, and the
     * leader has nothing of it: it would have all.
     */
    List<QuorumEffect> cutBack(Fetch fetch, Diverging answer, long nowMs) {
        heard(nowMs);
        if (!isOf(fetch)) {
            return List.of();
        }
        long to = Math.min(
                answer.endOfEpoch().offset(),
                log.endOfEpoch(answer.endOfEpoch().epoch()).offset());
        if (to < log.highWatermark() || to >= log.end()) {
            return complain("wants the log cut at offset " + to + ", but it ends at " + log.end()
                    + " and is committed up to " + log.highWatermark() + ": it was left alone");
        }
        to = log.startOfBatch(to);
        log.truncate(to);
        return List.of(new Truncate(to));
    }

    /** The log still ends where the fetch was from: it was not cut or replaced meanwhile. */
    private boolean isOf(Fetch fetch) {
        return log.end() == fetch.logEnd().offset();
    }

    List<QuorumEffect> fetchSnapshot(SnapshotNeeded answer, long nowMs) {
        heard(nowMs);
        OffsetAndEpoch snapshot = answer.snapshot();
        if (snapshot.offset() < log.highWatermark() || snapshot.epoch() > epoch) {
            return complain("offers a snapshot at " + snapshot + ", but offset " + log.highWatermark()
                    + " is known to be committed: it was refused");
        }
        fetchedSnapshot = snapshot;
        return List.of(new FetchSnapshot(leader, epoch, snapshot));
    }

    private List<QuorumEffect> complain(String what) {
        return List.of(new Complain("the leader of epoch " + epoch + ", server " + leader + ", " + what));
    }

    // ---- The snapshot that is being fetched. Nothing else is meanwhile.

    @Nullable
    OffsetAndEpoch fetchedSnapshot() {
        return fetchedSnapshot;
    }

    /** {@code TakeSnapshot}. Nothing comes of one that was fetched from a leader before. */
    List<QuorumEffect> takeSnapshot(SnapshotFetched fetched, long nowMs) {
        if (!fetched.snapshot().equals(fetchedSnapshot)) {
            return List.of();
        }
        fetchedSnapshot = null;
        heard(nowMs);
        List<QuorumEffect> effects = new ArrayList<>();
        effects.add(new InstallSnapshot(fetched.snapshot()));
        long before = log.highWatermark();
        log.beginWith(fetched.snapshot(), fetched.voters());
        if (log.highWatermark() > before) {
            effects.add(new Commit(log.highWatermark()));
        }
        return effects;
    }

    /** Whether it was the one that was wanted. */
    boolean snapshotFailed(OffsetAndEpoch snapshot) {
        boolean wanted = snapshot.equals(fetchedSnapshot);
        if (wanted) {
            fetchedSnapshot = null;
        }
        return wanted;
    }
}
