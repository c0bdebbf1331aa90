package io.odradek.replication.quorum;

import org.jspecify.annotations.Nullable;

/**
 * A server's place in the quorum.
 *
 * <pre>
 *                    time                  majority would              majority did
 *    Unattached ─────────────▶ Prospective ───────────▶ Candidate ───────────────▶ Leadership
 *        ▲   ▲                  │  ▲                       │                           │
 *        │   └──────────────────┘  └───────────────────────┘ time                      │ no majority asks,
 *        │    nobody led, time     time, or the leader                                 │ or handed over
 *        │                         says goodbye                                        ▼
 *     Follower ◀───────── whoever hears who leads ──────────────────────────────── Resigned
 * </pre>
 *
 * Whoever hears of a newer epoch becomes unattached in it.
 */
sealed interface Role
        permits Leadership, Role.Unattached, Role.Follower, Role.Prospective, Role.Candidate, Role.Resigned {

    /** When something has to happen though nobody says anything. */
    long deadlineMs();

    /** Knows of no leader. A voter waits for one, and then tries itself; an observer asks around. */
    record Unattached(long deadlineMs) implements Role {}

    /** Led the epoch and does so never again: so after a restart, or when it gave up. */
    record Resigned(long deadlineMs) implements Role {}

    /** Asks whether it would win, and leaves the epoch as it is (KIP-996). */
    record Prospective(ElectionTally tally, long deadlineMs) implements Role {}

    /** Wants to lead the epoch it has opened. */
    record Candidate(ElectionTally tally, long deadlineMs) implements Role {}

    /** Has a leader and fetches from it. */
    final class Follower implements Role {
        private final int leader;
        private long deadlineMs;
        private boolean hearing;
        private @Nullable OffsetAndEpoch fetchedSnapshot;

        Follower(int leader, long deadlineMs) {
            this.leader = leader;
            this.deadlineMs = deadlineMs;
        }

        int leader() {
            return leader;
        }

        @Override
        public long deadlineMs() {
            return fetchedSnapshot == null ? deadlineMs : Long.MAX_VALUE; // the host gives it up, if need be
        }

        /** The leader has answered. */
        void heard(long nextDeadlineMs) {
            deadlineMs = nextDeadlineMs;
            hearing = true;
        }

        /** The leader is on its way out: look for another at this time. */
        void leaderEnds(long atMs) {
            deadlineMs = Math.min(deadlineMs, atMs);
            hearing = false;
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

        @Nullable
        OffsetAndEpoch fetchedSnapshot() {
            return fetchedSnapshot;
        }

        void fetchSnapshot(@Nullable OffsetAndEpoch snapshot) {
            fetchedSnapshot = snapshot;
        }
    }
}
