package io.odradek.coordinator.group;

/** What may fall due. */
sealed interface Alarm {

    record SessionEnds(String groupId, String memberId) implements Alarm {}

    record JoinPhaseEnds(String groupId) implements Alarm {}

    record SyncPhaseEnds(String groupId) implements Alarm {}

    record RetentionCheck() implements Alarm {}
}
