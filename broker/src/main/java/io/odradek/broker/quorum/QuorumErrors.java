package io.odradek.broker.quorum;

import io.odradek.replication.quorum.QuorumAnswer;
import io.odradek.replication.quorum.QuorumAnswer.Refusal;
import io.odradek.replication.quorum.QuorumEffect.ChangeOutcome;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** The quorum's words as Kafka's error codes, and back. */
final class QuorumErrors {

    static Errors of(Refusal refusal) {
        return switch (refusal) {
            case FENCED_LEADER_EPOCH -> Errors.FENCED_LEADER_EPOCH;
            case UNKNOWN_LEADER_EPOCH -> Errors.UNKNOWN_LEADER_EPOCH;
            case NOT_LEADER_OR_FOLLOWER -> Errors.NOT_LEADER_OR_FOLLOWER;
            case INVALID_VOTER_KEY -> Errors.INVALID_VOTER_KEY;
            case INVALID_REQUEST -> Errors.INVALID_REQUEST;
        };
    }

    /** Null for what no server says of a request of the quorum. */
    static @Nullable Refusal refusal(Errors error) {
        for (Refusal refusal : Refusal.values()) {
            if (of(refusal) == error) {
                return refusal;
            }
        }
        return null;
    }

    /** Of the answer to a leader that begins or ends an epoch. */
    static Errors ofNotice(QuorumAnswer answer) {
        return switch (answer) {
            case QuorumAnswer.Noted _ -> Errors.NONE;
            case QuorumAnswer.Refused refused -> of(refused.why());
            case QuorumAnswer.Voted _,
                    QuorumAnswer.Entries _,
                    QuorumAnswer.Diverging _,
                    QuorumAnswer.SnapshotNeeded _ ->
                throw new IllegalArgumentException("no answer to who begins or ends an epoch: " + answer);
        };
    }

    /** Kafka has no word for a change that is under way: it says that the request has timed out waiting for it. */
    static Errors of(ChangeOutcome outcome) {
        return switch (outcome) {
            case COMMITTED -> Errors.NONE;
            case NOT_LEADER_OR_FOLLOWER -> Errors.NOT_LEADER_OR_FOLLOWER;
            case REQUEST_IN_PROGRESS, REQUEST_TIMED_OUT -> Errors.REQUEST_TIMED_OUT;
            case DUPLICATE_VOTER -> Errors.DUPLICATE_VOTER;
            case VOTER_NOT_FOUND -> Errors.VOTER_NOT_FOUND;
            case INVALID_REQUEST -> Errors.INVALID_REQUEST;
        };
    }

    private QuorumErrors() {}
}
