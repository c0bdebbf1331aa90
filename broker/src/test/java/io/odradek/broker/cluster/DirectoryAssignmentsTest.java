package io.odradek.broker.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.replication.controller.ClusterDelta;
import io.odradek.replication.controller.ClusterDelta.TopicChange;
import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply;
import io.odradek.replication.controller.ControllerReply.DirectoriesAssigned;
import io.odradek.replication.controller.ControllerRequest;
import io.odradek.replication.controller.ControllerRequest.AssignDirectories;
import io.odradek.replication.controller.ControllerRequest.DirectoryAssignment;
import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.Outcome;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.controller.TopicImage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The controller hears of each replica whose directory it does not know, one request at a time, until it has. */
class DirectoryAssignmentsTest {
    private static final int BROKER = 1;
    private static final UUID TOPIC = new UUID(0, 9);
    private static final UUID UNKNOWN = new UUID(0, 0);
    private static final UUID FIRST = new UUID(1, 1);
    private static final UUID SECOND = new UUID(1, 2);

    private record Asked(
            AssignDirectories request, Consumer<Outcome<List<Outcome<PartitionImage>>>> reply, Runnable fail) {}

    private final List<Asked> asked = new ArrayList<>();
    private final Map<Integer, UUID> places = new HashMap<>();
    private final HandClock clock = new HandClock();
    private final DirectoryAssignments assignments = new DirectoryAssignments(
            new ActiveController() {
                @Override
                public <R extends ControllerReply> void submit(ControllerRequest<R> request, ReplyTo<? super R> to) {
                    asked.add(new Asked(
                            (AssignDirectories) request,
                            outcome -> to.reply(request.replyType().cast(new DirectoriesAssigned(outcome))),
                            () -> to.failed(ControllerError.NOT_CONTROLLER, "elsewhere")));
                }
            },
            BROKER,
            () -> 70,
            (_, partition) -> places.get(partition),
            clock);

    private static PartitionImage partition(List<Integer> replicas, UUID ofOurs) {
        return new PartitionImage(
                replicas,
                replicas.stream().map(id -> id == BROKER ? ofOurs : SECOND).toList(),
                replicas,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                replicas.getFirst(),
                LeaderRecovery.RECOVERED,
                0,
                0);
    }

    private static TopicImage topic(PartitionImage... partitions) {
        return new TopicImage("t", TOPIC, List.of(partitions));
    }

    private void created(TopicImage topic) {
        assignments.follow(
                ClusterImage.empty("c"), new ClusterDelta(List.of(topic), List.of(), List.of(), Set.of(), Set.of()));
    }

    private void changed(TopicImage topic) {
        assignments.follow(
                ClusterImage.empty("c"),
                new ClusterDelta(List.of(), List.of(), List.of(new TopicChange(topic, topic)), Set.of(), Set.of()));
    }

    private Asked next(DirectoryAssignment... wanted) {
        assertThat(asked).hasSize(1);
        Asked one = asked.removeFirst();
        assertThat(one.request()).isEqualTo(new AssignDirectories(BROKER, 70, List.of(wanted)));
        return one;
    }

    private static DirectoryAssignment assigned(int partition, UUID directory) {
        return new DirectoryAssignment(TOPIC, partition, directory);
    }

    private static Outcome<PartitionImage> done() {
        return new Done<>(partition(List.of(BROKER), FIRST));
    }

    @Test
    void onlyWhatTheMetadataDoesNotSayIsTold() {
        places.putAll(Map.of(0, FIRST, 1, FIRST, 2, SECOND));
        created(topic(
                partition(List.of(1, 2), UNKNOWN),
                partition(List.of(1, 2), FIRST),
                partition(List.of(2, 1), FIRST), // and is in the second
                partition(List.of(2, 3), UNKNOWN), // of others
                partition(List.of(1), UNKNOWN))); // could not be made
        next(assigned(0, FIRST), assigned(2, SECOND)).reply().accept(new Done<>(List.of(done(), done())));
        assertThat(asked).isEmpty();
        assertThat(clock.waiting()).isZero();
    }

    @Test
    void whatComesMeanwhileGoesTogether() {
        places.putAll(Map.of(0, FIRST, 1, SECOND));
        created(topic(partition(List.of(1), UNKNOWN)));
        Asked first = next(assigned(0, FIRST));
        changed(topic(partition(List.of(1), FIRST), partition(List.of(1), UNKNOWN)));
        assertThat(asked).as("one at a time").isEmpty();
        first.reply().accept(new Done<>(List.of(done())));
        next(assigned(1, SECOND));
    }

    @Test
    void whatFailsIsToldAgain() {
        places.put(0, FIRST);
        created(topic(partition(List.of(1), UNKNOWN)));
        next(assigned(0, FIRST)).fail().run();
        assertThat(asked).isEmpty();
        clock.advance(500);
        next(assigned(0, FIRST)).reply().accept(new Refused<>(ControllerError.STALE_BROKER_EPOCH, "not yet"));
        clock.advance(500);
        next(assigned(0, FIRST))
                .reply()
                .accept(new Done<>(List.of(new Refused<>(ControllerError.CONTROLLER_UNAVAILABLE, "nothing said"))));
        assertThat(asked).isEmpty();
        clock.advance(500);
        next(assigned(0, FIRST)).reply().accept(new Done<>(List.of(done())));
        clock.advance(5_000);
        assertThat(asked).isEmpty();
    }

    @Test
    void whatIsNoLongerHereIsNotToldAgain() {
        places.putAll(Map.of(0, FIRST, 1, FIRST));
        created(topic(partition(List.of(1), UNKNOWN), partition(List.of(1), UNKNOWN)));
        Asked first = next(assigned(0, FIRST), assigned(1, FIRST));
        changed(topic(partition(List.of(2), UNKNOWN), partition(List.of(1), UNKNOWN)));
        first.fail().run();
        clock.advance(500);
        Asked second = next(assigned(1, FIRST));
        assignments.follow(
                ClusterImage.empty("c"),
                new ClusterDelta(
                        List.of(), List.of(topic(partition(List.of(1), UNKNOWN))), List.of(), Set.of(), Set.of()));
        second.fail().run();
        clock.advance(5_000);
        assertThat(asked).isEmpty();
    }

    /** It moved, and the first place was told meanwhile. */
    @Test
    void thePlaceThatWasToldLastIsTheOneWhereItIs() {
        places.put(0, FIRST);
        created(topic(partition(List.of(1), UNKNOWN)));
        Asked first = next(assigned(0, FIRST));
        places.put(0, SECOND);
        changed(topic(partition(List.of(1), UNKNOWN)));
        first.reply().accept(new Done<>(List.of(done())));
        next(assigned(0, SECOND));
    }

    @Test
    void aRequestHoldsNoMoreThanKafkasDo() {
        PartitionImage[] many = IntStream.range(0, 2_251)
                .mapToObj(each -> {
                    places.put(each, FIRST);
                    return partition(List.of(1), UNKNOWN);
                })
                .toArray(PartitionImage[]::new);
        created(topic(many));
        Asked first = asked.removeFirst();
        assertThat(first.request().assignments()).hasSize(2_250);
        first.reply()
                .accept(new Done<>(
                        IntStream.range(0, 2_250).mapToObj(_ -> done()).toList()));
        next(assigned(2_250, FIRST));
    }
}
