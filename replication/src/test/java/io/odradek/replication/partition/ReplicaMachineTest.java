package io.odradek.replication.partition;

import static io.odradek.replication.partition.Images.image;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.partition.FetchAnswer.Diverging;
import io.odradek.replication.partition.FetchAnswer.Refusal;
import io.odradek.replication.partition.FetchAnswer.Refused;
import io.odradek.replication.partition.FollowerEffect.Fetch;
import io.odradek.replication.partition.FollowerEffect.Truncate;
import io.odradek.replication.partition.FollowerEvent.FetchAnswered;
import io.odradek.replication.partition.FollowerEvent.Truncated;
import io.odradek.replication.partition.LeaderEffect.Reply;
import io.odradek.replication.partition.LeaderEvent.FollowerFetched;
import io.odradek.replication.partition.LeaderEvent.PartitionChanged;
import io.odradek.replication.partition.ReplicaEffect.Follow;
import io.odradek.replication.partition.ReplicaEffect.Lead;
import io.odradek.replication.partition.ReplicaEffect.StandBy;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Broker 2 of brokers 1, 2 and 3. */
class ReplicaMachineTest {

    private static final List<Integer> ALL = List.of(1, 2, 3);

    private final EpochsLog log = new EpochsLog();

    private ReplicaMachine replica() {
        return new ReplicaMachine(
                2,
                200,
                1,
                0,
                log.logEndOffset(),
                log,
                CommitRule.named("isr"),
                new ReplicationSettings(1_000, 50, 500),
                true);
    }

    private static PartitionChanged led(int leader, int leaderEpoch, int partitionEpoch) {
        return new PartitionChanged(image(ALL, ALL, leader, leaderEpoch, partitionEpoch));
    }

    @Test
    void itBecomesWhatTheMetadataSays() {
        ReplicaMachine replica = replica();
        assertThat(replica.step(0, led(1, 0, 0))).startsWith(new Follow(0, 1));
        assertThat(replica.follows()).isEqualTo(1);
        assertThat(replica.step(0, led(2, 1, 1))).containsExactly(new Lead(1, 0));
        assertThat(replica.leader()).isNotNull();
        assertThat(replica.step(0, led(PartitionImage.NO_LEADER, 2, 2))).containsExactly(new StandBy(2));
        assertThat(replica.step(0, led(1, 1, 1))).as("old news").isEmpty();
        assertThat(replica.step(0, led(3, 3, 3))).startsWith(new Follow(3, 3));
        assertThat(replica.step(0, new PartitionChanged(image(List.of(1, 3), List.of(1, 3), 3, 3, 4))))
                .as("it has no replica any more")
                .containsExactly(new StandBy(3));
    }

    @Test
    void aNewEpochOfTheSameLeaderIsANewReign() {
        ReplicaMachine replica = replica();
        replica.step(0, led(2, 1, 1));
        log.append(1, 3);
        assertThat(replica.step(0, led(2, 3, 3))).containsExactly(new Lead(3, 3));
    }

    /** An answer of one reign is not taken for one of the next. */
    @Test
    void exchangesAreNumberedAcrossReigns() {
        ReplicaMachine replica = replica();
        Fetch first = fetch(replica.step(0, led(1, 0, 0)));
        Fetch second = fetch(replica.step(0, led(3, 1, 1)));
        assertThat(second.exchange()).isGreaterThan(first.exchange());
    }

    @Test
    void whoDoesNotLeadRefuses() {
        ReplicaMachine replica = replica();
        FollowerFetched fetched = new FollowerFetched(5, new ReplicaFetch(3, 300, 0, 0, -1, 0, 0, 0));
        Reply refusal = new Reply(5, new Refused(Refusal.NOT_LEADER_OR_FOLLOWER));
        assertThat(replica.step(0, fetched)).containsExactly(refusal);
        replica.step(0, led(1, 0, 0));
        assertThat(replica.step(0, fetched)).containsExactly(refusal);
    }

    /** Else a reign would begin at an end that is about to be cut. */
    @Test
    void newsWaitUntilTheLogIsAtRest() {
        log.append(0, 5);
        ReplicaMachine replica = replica();
        Fetch fetch = fetch(replica.step(0, led(1, 1, 1)));
        assertThat(replica.step(0, new FetchAnswered(fetch.exchange(), 1, new Diverging(new EpochEnd(0, 3)))))
                .containsExactly(new Truncate(3, 0));
        assertThat(replica.step(0, led(3, 2, 2))).isEmpty();
        assertThat(replica.step(0, led(2, 3, 3))).isEmpty();
        assertThat(replica.partitionEpoch()).isEqualTo(1);
        log.cut(3);
        assertThat(replica.step(0, new Truncated(3)))
                .as("not asking the old leader again, and of the news the last")
                .containsExactly(new Lead(3, 3));
    }

    @Test
    void epochsDoNotGoBack() {
        ReplicaMachine replica = replica();
        replica.step(0, led(1, 5, 1));
        assertThatThrownBy(() -> replica.step(0, led(1, 4, 2))).isInstanceOf(IllegalArgumentException.class);
    }

    private static Fetch fetch(List<ReplicaEffect> effects) {
        return effects.stream()
                .filter(Fetch.class::isInstance)
                .map(Fetch.class::cast)
                .findFirst()
                .orElseThrow();
    }
}
