package io.odradek.broker.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.partition.InSyncProposals;
import io.odradek.engine.TopicPartition;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply;
import io.odradek.replication.controller.ControllerReply.PartitionsAltered;
import io.odradek.replication.controller.ControllerRequest;
import io.odradek.replication.controller.ControllerRequest.AlterPartition;
import io.odradek.replication.controller.ControllerRequest.ProposedInSync;
import io.odradek.replication.controller.Outcome;
import io.odradek.replication.controller.Outcome.Refused;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.partition.IsrProposal;
import io.odradek.replication.partition.IsrProposal.Member;
import io.odradek.replication.partition.IsrProposal.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One AlterPartition at a time, with all that has come meanwhile; each proposal hears of itself, once. */
class BatchedProposalsTest {

    private record Asked(
            AlterPartition request, Consumer<Outcome<List<Outcome<PartitionImage>>>> reply, Runnable fail) {}

    private final List<Asked> asked = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private final BatchedProposals proposals = new BatchedProposals(
            new ActiveController() {
                @Override
                public <R extends ControllerReply> void submit(ControllerRequest<R> request, ReplyTo<? super R> to) {
                    asked.add(new Asked(
                            (AlterPartition) request,
                            outcome -> to.reply(request.replyType().cast(new PartitionsAltered(outcome))),
                            () -> to.failed(ControllerError.CONTROLLER_UNAVAILABLE, "gone")));
                }
            },
            1);

    private void propose(int partition, long brokerEpoch, int leaderEpoch) {
        String name = partition + "@" + leaderEpoch;
        proposals.propose(
                new TopicPartition("t", new UUID(0, 9), partition),
                brokerEpoch,
                new IsrProposal(leaderEpoch, 5, List.of(new Member(1, brokerEpoch), new Member(2, 70))),
                new InSyncProposals.Outcome() {
                    @Override
                    public void answered(Verdict verdict) {
                        told.add(name + " " + verdict);
                    }

                    @Override
                    public void failed(String why) {
                        told.add(name + " failed: " + why);
                    }
                });
    }

    private static Outcome<PartitionImage> refused(ControllerError error) {
        return new Refused<>(error, "");
    }

    private Asked next() {
        assertThat(asked).hasSize(1);
        return asked.removeFirst();
    }

    private static List<Integer> partitions(Asked one) {
        return one.request().partitions().stream()
                .map(ProposedInSync::partition)
                .toList();
    }

    @Test
    void whatComesWhileOneIsUnderWayGoesTogether() {
        propose(0, 50, 3);
        propose(1, 50, 3);
        propose(2, 50, 4);
        Asked first = next();
        assertThat(partitions(first)).containsExactly(0);
        assertThat(first.request().brokerEpoch()).isEqualTo(50);
        first.reply().accept(new Outcome.Done<>(List.of(refused(ControllerError.INELIGIBLE_REPLICA))));
        Asked second = next();
        assertThat(partitions(second)).containsExactly(1, 2);
        second.reply()
                .accept(new Outcome.Done<>(List.of(
                        refused(ControllerError.INVALID_UPDATE_VERSION), refused(ControllerError.INVALID_REQUEST))));
        assertThat(told)
                .containsExactly(
                        "0@3 INELIGIBLE_REPLICA", "1@3 INVALID_UPDATE_VERSION", "2@4 failed: INVALID_REQUEST: ");
        assertThat(asked).isEmpty();
    }

    @Test
    void aLaterProposalTakesTheEarlierOnesPlace() {
        propose(0, 50, 3);
        propose(1, 50, 3);
        propose(1, 50, 4);
        assertThat(told).singleElement().asString().startsWith("1@3 failed: another proposal");
        next().fail().run();
        assertThat(next().request().partitions())
                .singleElement()
                .extracting(ProposedInSync::leaderEpoch)
                .isEqualTo(4);
    }

    @Test
    void ofAnotherProcessNothingIsMixedIn() {
        propose(0, 50, 3);
        propose(1, 50, 3);
        propose(2, 60, 3);
        propose(3, 50, 3);
        next().fail().run();
        Asked old = next();
        assertThat(partitions(old)).containsExactly(1, 3);
        old.reply().accept(new Refused<>(ControllerError.STALE_BROKER_EPOCH, "over"));
        assertThat(partitions(next())).containsExactly(2);
        assertThat(told)
                .containsExactly(
                        "0@3 failed: CONTROLLER_UNAVAILABLE: gone", "1@3 STALE_BROKER_EPOCH", "3@3 STALE_BROKER_EPOCH");
    }

    @ParameterizedTest
    @CsvSource({
        "FENCED_LEADER_EPOCH,FENCED_LEADER_EPOCH",
        "NEW_LEADER_ELECTED,NEW_LEADER_ELECTED",
        "UNKNOWN_TOPIC_ID,UNKNOWN_TOPIC_OR_PARTITION",
        "UNKNOWN_TOPIC_OR_PARTITION,UNKNOWN_TOPIC_OR_PARTITION"
    })
    void refusalsAreVerdicts(ControllerError error, Verdict verdict) {
        propose(0, 50, 3);
        next().reply().accept(new Outcome.Done<>(List.of(refused(error))));
        assertThat(told).containsExactly("0@3 " + verdict);
    }

    @Test
    void acceptanceIsOne() {
        propose(0, 50, 3);
        PartitionImage after = new PartitionImage(
                List.of(),
                List.of(),
                List.of(1, 2),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                1,
                io.odradek.replication.controller.MetadataRecord.LeaderRecovery.RECOVERED,
                3,
                6);
        next().reply().accept(new Outcome.Done<>(List.of(new Outcome.Done<>(after))));
        assertThat(told).containsExactly("0@3 ACCEPTED");
    }
}
