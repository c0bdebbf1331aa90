package io.odradek.replication.quorum;

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
 *    Following ◀───────── whoever hears who leads ──────────────────────────────── Resigned
 * </pre>
 *
 * Whoever hears of a newer epoch becomes unattached in it.
 */
sealed interface Role permits Leadership, Following, Role.Unattached, Role.Prospective, Role.Candidate, Role.Resigned {

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
}
