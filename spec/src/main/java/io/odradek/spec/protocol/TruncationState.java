package io.odradek.spec.protocol;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Set;

/**
 * The variables of {@code tla/core/Truncation}. A record of a log is the epoch of the leader that wrote it.
 *
 * @param leaderLog {@code log.leader}
 * @param followerLog {@code log.follower}
 * @param highWatermark how much the follower knows to be committed
 * @param exchange the follower's only fetch: a request, its answer, or nothing; before it, news of the leader
 * @param agreed for the properties: what the two agreed on at first
 * @param committed for the properties: how much of that was committed
 * @param cuts for the properties: how often the follower has cut
 * @param firstEpochs for the properties: which epochs the follower had at first; with {@code cuts} the module's variable of that name
 */
@RecordBuilder
public record TruncationState(
        List<Integer> leaderLog,
        List<Integer> followerLog,
        int highWatermark,
        Exchange exchange,
        List<Integer> agreed,
        int committed,
        int cuts,
        Set<Integer> firstEpochs)
        implements TruncationStateBuilder.With {

    /** What is on its way between the two. */
    public sealed interface Exchange {
        record Nothing() implements Exchange {}

        record News() implements Exchange {}

        record Request(int fetchOffset, int lastFetchedEpoch) implements Exchange {}

        record Records(int baseOffset, List<Integer> records) implements Exchange {}

        record Diverging(EpochEnd end) implements Exchange {}
    }

    /** Of an epoch, or of the largest before it that has records; 0 if there is none. */
    public record EpochEnd(int epoch, int endOffset) {}
}
