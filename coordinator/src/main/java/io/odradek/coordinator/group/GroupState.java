package io.odradek.coordinator.group;

/**
 * <pre>
 *            join                      all joined, or time is up           leader's assignment stored
 *  Empty ──────────▶ PreparingRebalance ──────────────────▶ CompletingRebalance ──────────────▶ Stable
 *    ▲                  │    ▲    ▲                               │                               │
 *    └── nobody left ───┘    │    └──── join, leave, timeout ─────┘                               │
 *                            └────────────────── join, leave, timeout ────────────────────────────┘
 *  any ── coordinator moves away ──▶ Dead
 * </pre>
 */
public enum GroupState {
    EMPTY("Empty"),
    /** Waiting for the members to join again. */
    PREPARING_REBALANCE("PreparingRebalance"),
    /** Waiting for the leader's assignment. */
    COMPLETING_REBALANCE("CompletingRebalance"),
    STABLE("Stable"),
    DEAD("Dead");

    private final String protocolName;

    GroupState(String protocolName) {
        this.protocolName = protocolName;
    }

    /** As ListGroups and DescribeGroups spell it. */
    public String protocolName() {
        return protocolName;
    }

    boolean mayBecome(GroupState next) {
        return switch (next) {
            case EMPTY, COMPLETING_REBALANCE -> this == PREPARING_REBALANCE;
            case PREPARING_REBALANCE -> this == STABLE || this == COMPLETING_REBALANCE || this == EMPTY;
            case STABLE -> this == COMPLETING_REBALANCE;
            case DEAD -> true;
        };
    }
}
