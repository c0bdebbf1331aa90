package io.odradek.coordinator.group;

import io.odradek.coordinator.group.GroupEvent.MemberProtocol;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What to do with the groups once an append is decided, either way. */
sealed interface Aftermath {

    record Nothing() implements Aftermath {}

    /** Refused: the group never was. */
    record GroupCreated(Group group) implements Aftermath {}

    /** Committed: the members get their part and the group is stable. Refused: they must rebalance. */
    record AssignmentStored(Group group, int generationId, Map<String, Opaque> assignments) implements Aftermath {}

    /** Committed: the new process may know. Refused: the old one is still the member. */
    record StaticMemberReplaced(
            Group group,
            String newMemberId,
            long requestId,
            boolean maySkipAssignment,
            String oldMemberId,
            List<MemberProtocol> oldProtocols,
            int oldRebalanceTimeoutMs,
            int oldSessionTimeoutMs,
            @Nullable String oldLeaderId)
            implements Aftermath {}

    /** Refused: they are still there. */
    record GroupsRemoved(List<Group> groups) implements Aftermath {}
}
