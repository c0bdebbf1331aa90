package io.odradek.coordinator.group;

import io.odradek.coordinator.group.GroupEvent.MemberProtocol;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One member of a {@link Group}, which alone changes it. */
final class Member {

    /** No request waits; request ids are not negative. */
    static final long NOBODY = -1;

    final String memberId;
    final @Nullable String groupInstanceId;
    final String clientId;
    final String clientHost;
    final String protocolType;
    int rebalanceTimeoutMs;
    int sessionTimeoutMs;
    List<MemberProtocol> protocols;
    Opaque assignment;
    long joinRequest = NOBODY;
    long syncRequest = NOBODY;
    /** It never got an answer to a join, so it cannot know its id, and its session ends even while it waits. */
    boolean isNew;

    Member(
            String memberId,
            @Nullable String groupInstanceId,
            String clientId,
            String clientHost,
            String protocolType,
            int rebalanceTimeoutMs,
            int sessionTimeoutMs,
            List<MemberProtocol> protocols,
            Opaque assignment) {
        this.memberId = memberId;
        this.groupInstanceId = groupInstanceId;
        this.clientId = clientId;
        this.clientHost = clientHost;
        this.protocolType = protocolType;
        this.rebalanceTimeoutMs = rebalanceTimeoutMs;
        this.sessionTimeoutMs = sessionTimeoutMs;
        this.protocols = protocols;
        this.assignment = assignment;
    }

    /** The same instance under another id; whoever waited under the old one does not wait here. */
    Member renamed(String newMemberId) {
        return new Member(
                newMemberId,
                groupInstanceId,
                clientId,
                clientHost,
                protocolType,
                rebalanceTimeoutMs,
                sessionTimeoutMs,
                protocols,
                assignment);
    }

    boolean isStatic() {
        return groupInstanceId != null;
    }

    boolean awaitsJoin() {
        return joinRequest != NOBODY;
    }

    boolean awaitsSync() {
        return syncRequest != NOBODY;
    }

    /** A parked request is as good as a heartbeat, except from a member that does not know its id. */
    boolean isAlive() {
        return !isNew && (awaitsJoin() || awaitsSync());
    }

    /** What the member said for this protocol; null when it does not offer it. */
    @Nullable
    Opaque metadata(@Nullable String protocolName) {
        for (MemberProtocol protocol : protocols) {
            if (protocol.name().equals(protocolName)) {
                return protocol.metadata();
            }
        }
        return null;
    }
}
