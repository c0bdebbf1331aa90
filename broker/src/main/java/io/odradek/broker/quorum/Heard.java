package io.odradek.broker.quorum;

import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.HardState;
import io.odradek.replication.quorum.QuorumAnswer;
import io.odradek.replication.quorum.QuorumAnswer.Refusal;
import java.util.function.Function;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** What another server's answer is, once it was looked at. */
sealed interface Heard {

    /** @param leaderAt where the leader that it names is reached; null when it does not say so */
    record Answer(QuorumAnswer answer, @Nullable Endpoint leaderAt) implements Heard {}

    /** No answer to what was asked. */
    record Nonsense(String why) implements Heard {}

    /** What every answer says of the partition. */
    record Said(short error, Standing standing) {
        /** Kafka takes every negative leader for none. */
        static Said of(short error, int epoch, int leader, @Nullable Endpoint leaderAt) {
            return new Said(error, new Standing(epoch, Math.max(leader, HardState.NOBODY), leaderAt));
        }
    }

    /**
     * @param whole the error code for the whole request
     * @param said null when the answer is not about the metadata partition
     * @param fine the answer when there is no error; null when it makes no sense
     */
    static Heard of(
            ApiMessage data, short whole, @Nullable Said said, Function<Standing, @Nullable QuorumAnswer> fine) {
        if (whole != Errors.NONE.code() || said == null || said.standing.epoch() < 0) {
            return new Nonsense("error " + Errors.forCode(whole) + " for the whole request, answer " + data);
        }
        Standing standing = said.standing;
        Errors error = Errors.forCode(said.error);
        Refusal refusal = QuorumErrors.refusal(error);
        QuorumAnswer answer = refusal != null
                ? new QuorumAnswer.Refused(standing.epoch(), standing.leader(), refusal)
                : error == Errors.NONE ? fine.apply(standing) : null;
        return answer == null
                ? new Nonsense("error " + error + ", answer " + data)
                : new Answer(answer, standing.leaderAt());
    }
}
