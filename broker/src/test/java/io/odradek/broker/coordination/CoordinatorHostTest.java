package io.odradek.broker.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.odradek.broker.coordination.MemoryOffsetsLog.Held;
import io.odradek.broker.coordination.OffsetsLog.Outcome;
import io.odradek.coordinator.group.GroupError;
import io.odradek.coordinator.group.GroupEvent;
import io.odradek.coordinator.group.GroupEvent.MemberProtocol;
import io.odradek.coordinator.group.GroupEvent.OffsetToCommit;
import io.odradek.coordinator.group.GroupEventJoinBuilder;
import io.odradek.coordinator.group.GroupReply;
import io.odradek.coordinator.group.GroupReply.FetchedOffset;
import io.odradek.coordinator.group.GroupReply.GroupsListed;
import io.odradek.coordinator.group.GroupReply.HeartbeatAccepted;
import io.odradek.coordinator.group.GroupReply.JoinRefused;
import io.odradek.coordinator.group.GroupReply.Joined;
import io.odradek.coordinator.group.GroupReply.OffsetsCommitted;
import io.odradek.coordinator.group.GroupReply.OffsetsFetched;
import io.odradek.coordinator.group.GroupReply.Refused;
import io.odradek.coordinator.group.GroupReply.Synced;
import io.odradek.coordinator.group.GroupSettings;
import io.odradek.coordinator.group.Opaque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CoordinatorHostTest {

    private static final int PARTITIONS = 4;
    private static final String GROUP = "readers";

    private final MemoryOffsetsLog log = new MemoryOffsetsLog();
    private final AtomicLong clockMs = new AtomicLong(1_000_000);
    /** Names of topics that do not exist. */
    private final Set<String> missing = ConcurrentHashMap.newKeySet();

    private CoordinatorHost host = newHost();

    private CoordinatorHost newHost() {
        return new CoordinatorHost(
                GroupSettings.DEFAULTS.withInitialRebalanceDelayMs(0), log, new Topic(missing), clockMs::get, 2);
    }

    @BeforeEach
    void start() {
        host.start();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            host.becomeLeader(partition, 1);
        }
        awaitLoaded();
    }

    @AfterEach
    void stop() {
        host.close();
    }

    private void restart() {
        host.close();
        host = newHost();
        start();
    }

    private void awaitLoaded() {
        await().until(() -> get(list()) instanceof GroupsListed);
    }

    @Test
    void noCommitIsAnsweredBeforeItsRecordsAreCommitted() throws Exception {
        log.holds = true;
        CompletableFuture<GroupReply> commit = commit("t", 0, 42);
        Held append = nextHeld();
        // A read goes through the same loop behind the commit: when it is answered, the commit could have been.
        assertThat(offset(fetch(false))).isEqualTo(-1);
        assertThat(commit).isNotDone();
        log.keep(append);
        assertThat(get(commit)).isInstanceOf(OffsetsCommitted.class);
        assertThat(offset(fetch(false))).isEqualTo(42);
    }

    @Test
    void committedOffsetsAndStableGroupsSurviveARestart() {
        assertThat(get(commit("t", 0, 42))).isInstanceOf(OffsetsCommitted.class);
        String member = member();
        Joined joined = joined(join(member));
        assertThat(get(sync(member, joined.generationId(), "mine")))
                .isEqualTo(new Synced("consumer", "range", opaque("mine")));

        restart();

        assertThat(offset(fetch(true))).isEqualTo(42);
        assertThat(get(heartbeat(member, joined.generationId()))).isEqualTo(new HeartbeatAccepted());
        assertThat(get(sync(member, joined.generationId(), "other")))
                .isEqualTo(new Synced("consumer", "range", opaque("mine")));
    }

    @Test
    void whatWasNotCommittedIsGoneAfterARestart() throws Exception {
        log.holds = true;
        CompletableFuture<GroupReply> commit = commit("t", 0, 42);
        assertThat(log.held.poll(10, TimeUnit.SECONDS)).isNotNull();
        host.close();
        assertThat(get(commit)).isEqualTo(new Refused(GroupError.NOT_COORDINATOR));
        log.holds = false;
        host = newHost();
        start();
        assertThat(offset(fetch(true))).isEqualTo(-1);
    }

    @Test
    void commitsThatArriveWhileTheLogIsBusyShareABatch() throws Exception {
        log.holds = true;
        List<CompletableFuture<GroupReply>> commits = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            commits.add(commit("t", i % 100, i));
        }
        while (!CompletableFuture.allOf(commits.toArray(CompletableFuture<?>[]::new))
                .isDone()) {
            Held append = log.held.poll(10, TimeUnit.MILLISECONDS);
            if (append != null) {
                log.keep(append);
            }
        }
        assertThat(commits).allSatisfy(c -> assertThat(c.join()).isInstanceOf(OffsetsCommitted.class));
        assertThat(log.batches.get()).isLessThan(2_000);
        assertThat(log.size(host.partitionFor(GROUP))).isEqualTo(2_000);
    }

    @Test
    void batchesConfirmedOutOfOrderAreStillReportedInOrder() throws Exception {
        log.holds = true;
        CompletableFuture<GroupReply> first = commit("t", 0, 1);
        Held one = nextHeld();
        CompletableFuture<GroupReply> second = commit("t", 0, 2);
        Held two = nextHeld();
        two.done().completed(Outcome.COMMITTED);
        assertThat(offset(fetch(false))).isEqualTo(-1);
        assertThat(second).isNotDone();
        one.done().completed(Outcome.COMMITTED);
        assertThat(get(first)).isInstanceOf(OffsetsCommitted.class);
        assertThat(get(second)).isInstanceOf(OffsetsCommitted.class);
        assertThat(offset(fetch(false))).isEqualTo(2);
    }

    @Test
    void refusalsOfTheLogBecomeWhatClientsUnderstand() throws Exception {
        log.holds = true;
        for (Outcome outcome :
                List.of(Outcome.NOT_LEADER, Outcome.NOT_ENOUGH_REPLICAS, Outcome.OVERLOADED, Outcome.TOO_LARGE)) {
            CompletableFuture<GroupReply> commit = commit("t", 0, 42);
            nextHeld().done().completed(outcome);
            GroupError expected = switch (outcome) {
                case NOT_LEADER -> GroupError.NOT_COORDINATOR;
                case NOT_ENOUGH_REPLICAS, OVERLOADED -> GroupError.COORDINATOR_NOT_AVAILABLE;
                case TOO_LARGE -> GroupError.RECORDS_TOO_LARGE;
                case COMMITTED, UNKNOWN -> throw new AssertionError(outcome);
            };
            assertThat(get(commit)).isEqualTo(new Refused(expected));
            assertThat(offset(fetch(false))).isEqualTo(-1);
        }
    }

    /** The record did get into the log, though nobody was told: after loading anew it is there, for all to see. */
    @Test
    void whenItIsUnknownWhetherRecordsAreInTheLogTheLogIsAsked() throws Exception {
        log.holds = true;
        CompletableFuture<GroupReply> first = commit("t", 0, 1);
        Held one = nextHeld();
        CompletableFuture<GroupReply> second = commit("t", 1, 2);
        Held two = nextHeld();
        one.done().completed(Outcome.UNKNOWN);
        assertThat(get(first)).isEqualTo(new Refused(GroupError.NOT_COORDINATOR));
        assertThat(get(second)).isEqualTo(new Refused(GroupError.NOT_COORDINATOR));
        assertThat(get(fetch(false)))
                .as("nothing is loaded while an append may still enter the log")
                .isEqualTo(new Refused(GroupError.COORDINATOR_LOADING));
        log.keep(two);
        log.holds = false;
        awaitLoaded();
        assertThat(fetched(fetch(false))).extracting(CoordinatorHostTest::value).containsExactly(-1L, 2L);
    }

    @Test
    void whileLoadingClientsAreAskedToWait() {
        CountDownLatch mayRead = new CountDownLatch(1);
        log.whileReading = () -> {
            try {
                mayRead.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        int partition = host.partitionFor(GROUP);
        host.becomeLeader(partition, 2);
        await().until(() -> get(fetch(false)).equals(new Refused(GroupError.COORDINATOR_LOADING)));
        assertThat(get(list())).isEqualTo(new Refused(GroupError.COORDINATOR_LOADING));
        mayRead.countDown();
        awaitLoaded();
        assertThat(offset(fetch(false))).isEqualTo(-1);
    }

    /** It may be gone with this broker: then another coordinator begins without it. */
    @Test
    void whatWasReadAndIsNotCommittedIsToldNobody() {
        get(commit("t", 0, 42));
        log.committed = Outcome.NOT_ENOUGH_REPLICAS;
        int partition = host.partitionFor(GROUP);
        int reads = log.reads.get();
        host.becomeLeader(partition, 2);
        await().until(() -> log.reads.get() > reads);
        for (int i = 0; i < 10; i++) {
            clockMs.addAndGet(60);
            host.poke();
            assertThat(get(fetch(true))).isEqualTo(new Refused(GroupError.COORDINATOR_LOADING));
        }
        log.leads = false;
        assertThat(get(fetch(true))).isEqualTo(new Refused(GroupError.NOT_COORDINATOR));
        log.leads = true;
        log.committed = Outcome.COMMITTED;
        clockMs.addAndGet(1_000);
        host.poke();
        await().until(() -> !get(fetch(true)).equals(new Refused(GroupError.COORDINATOR_LOADING)));
        assertThat(offset(fetch(true))).isEqualTo(42);
        assertThat(log.reads.get()).as("it is not read again for that").isEqualTo(reads + 1);
    }

    @Test
    void aPartitionThatCannotBeReadHasNoCoordinatorHereAndTheOthersDo() {
        get(commit("t", 0, 42));
        makeUnreadable();
        assertThat(get(list())).isInstanceOf(GroupsListed.class);
        log.unreadable = false;
        host.becomeLeader(host.partitionFor(GROUP), 3);
        awaitActive();
        assertThat(offset(fetch(true))).isEqualTo(42);
    }

    @Test
    void whatCannotBeReadIsReadAgainLaterAndLater() {
        get(commit("t", 0, 42));
        makeUnreadable();
        int reads = log.reads.get();
        for (long delayMs : new long[] {1_000, 2_000, 4_000}) {
            clockMs.addAndGet(delayMs - 1);
            host.poke();
            assertThat(get(fetch(false))).isEqualTo(new Refused(GroupError.NOT_COORDINATOR));
            assertThat(log.reads).hasValue(reads);
            clockMs.incrementAndGet();
            host.poke();
            int next = ++reads;
            await().until(() -> log.reads.get() == next);
            await().until(() -> get(fetch(false)).equals(new Refused(GroupError.NOT_COORDINATOR)));
        }
        log.unreadable = false;
        clockMs.addAndGet(8_000);
        host.poke();
        awaitActive();
        assertThat(offset(fetch(true))).isEqualTo(42);
    }

    private void makeUnreadable() {
        log.unreadable = true;
        host.becomeLeader(host.partitionFor(GROUP), 2);
        await().until(() -> get(fetch(false)).equals(new Refused(GroupError.NOT_COORDINATOR)));
    }

    private void awaitActive() {
        await().until(() -> get(fetch(false)) instanceof OffsetsFetched);
    }

    @Test
    void offsetsOfTopicsThatWentWhileNobodyWasLookingAreForgottenWhenLoaded() {
        get(commit("t", 0, 42));
        get(commit("kept", 0, 43));
        host.close();
        missing.add("t");
        host = newHost();
        start();
        assertThat(offset(fetch(true))).isEqualTo(-1);
        assertThat(offset(fetch("kept"))).isEqualTo(43);
        // The tombstone is in the log, so that a new topic of that name begins without offsets.
        missing.clear();
        restart();
        assertThat(offset(fetch(true))).isEqualTo(-1);
    }

    @Test
    void aTopicMadeAgainWhileItsOffsetsCouldNotBeReadHasNone() {
        get(commit("t", 0, 42));
        get(commit("kept", 0, 43));
        makeUnreadable();
        host.topicsDeleted(Set.of("t")); // and made again: it is not missing
        log.unreadable = false;
        clockMs.addAndGet(1_000);
        host.poke();
        awaitActive();
        assertThat(offset(fetch(true))).isEqualTo(-1);
        assertThat(offset(fetch("kept"))).isEqualTo(43);
        get(commit("t", 0, 7));
        host.becomeLeader(host.partitionFor(GROUP), 3);
        awaitActive();
        assertThat(offset(fetch(true)))
                .as("what was committed to the new topic stays")
                .isEqualTo(7);
    }

    @Test
    void whoResignsSendsItsMembersElsewhere() {
        String member = member();
        joined(join(member));
        CompletableFuture<GroupReply> parked = join("");
        get(parked);
        host.resign(host.partitionFor(GROUP), 1);
        // News and requests come by different queues: a request may be taken first.
        await().until(() -> get(heartbeat(member, 1)).equals(new Refused(GroupError.NOT_COORDINATOR)));
    }

    /** Another may have been the coordinator meanwhile, and promised other things. */
    @Test
    void whoMayNotActAsLeaderAnswersNobodyAndGoesOnWhenItMayAgain() throws Exception {
        get(commit("t", 0, 42));
        log.holds = true;
        CompletableFuture<GroupReply> waits = commit("t", 0, 43);
        Held held = nextHeld();
        log.holds = false;
        log.leads = false;
        log.keep(held);
        assertThat(get(waits)).isEqualTo(new Refused(GroupError.NOT_COORDINATOR));
        assertThat(get(fetch(true))).isEqualTo(new Refused(GroupError.NOT_COORDINATOR));
        assertThat(((GroupsListed) get(list())).groups()).isEmpty();

        log.leads = true;
        assertThat(offset(fetch(true))).isEqualTo(43);
        String member = member();
        int generation = joined(join(member)).generationId();
        get(sync(member, generation, "mine"));
        log.leads = false;
        assertThat(get(heartbeat(member, generation))).isEqualTo(new Refused(GroupError.NOT_COORDINATOR));
        assertThat(get(leave(member))).isEqualTo(new Refused(GroupError.NOT_COORDINATOR));
        log.leads = true; // what was refused has left no mark
        assertThat(get(heartbeat(member, generation))).isEqualTo(new HeartbeatAccepted());
    }

    @Test
    void oldNewsOfLeadershipIsIgnored() {
        int partition = host.partitionFor(GROUP);
        get(commit("t", 0, 42));
        host.becomeLeader(partition, 5);
        awaitLoaded();
        host.resign(partition, 4);
        host.becomeLeader(partition, 3);
        assertThat(offset(fetch(true))).isEqualTo(42);
    }

    @Test
    void timersFireWhenTheClockGetsThereAndNotBefore() {
        String member = member();
        int generation = joined(join(member)).generationId();
        get(sync(member, generation, "mine"));
        clockMs.addAndGet(9_999);
        host.poke();
        assertThat(get(heartbeat(member, generation))).isEqualTo(new HeartbeatAccepted());
        clockMs.addAndGet(10_000);
        host.poke();
        await().until(() -> get(heartbeat(member, generation)).equals(new Refused(GroupError.UNKNOWN_MEMBER_ID)));
    }

    @Test
    void groupsOfAllPartitionsAreListed() {
        for (int i = 0; i < 20; i++) {
            String group = "g" + i;
            get(ask(group, (now, id) -> commitTo(group, now, id, "t", 0, 1)));
        }
        GroupsListed listed = (GroupsListed) get(list());
        assertThat(listed.groups()).hasSize(20);
    }

    @Test
    void offsetsOfDeletedTopicsAreForgottenEverywhere() {
        get(commit("t", 0, 42));
        host.topicsDeleted(Set.of("t"));
        assertThat(offset(fetch(true))).isEqualTo(-1);
    }

    @Test
    void groupsLiveInThePartitionsWhereKafkaPutThem() {
        for (String group : List.of("", "readers", "connect-cluster", "polygenelubricants", "ä€𝄞")) {
            assertThat(host.partitionFor(group)).isEqualTo(Utils.abs(group.hashCode()) % PARTITIONS);
        }
        assertThat("polygenelubricants".hashCode()).isEqualTo(Integer.MIN_VALUE);
    }

    // ---- requests

    private CompletableFuture<GroupReply> ask(String group, CoordinatorHost.Ask ask) {
        CompletableFuture<GroupReply> answer = new CompletableFuture<>();
        host.ask(group, ask, answer::complete);
        return answer;
    }

    private CompletableFuture<GroupReply> list() {
        CompletableFuture<GroupReply> answer = new CompletableFuture<>();
        host.list(Set.of(), true, answer::complete);
        return answer;
    }

    private CompletableFuture<GroupReply> commit(String topic, int partition, long offset) {
        return ask(GROUP, (now, id) -> commitTo(GROUP, now, id, topic, partition, offset));
    }

    private static GroupEvent.CommitOffsets commitTo(
            String group, long now, long id, String topic, int partition, long offset) {
        return new GroupEvent.CommitOffsets(
                now,
                id,
                group,
                -1,
                "",
                null,
                -1,
                true,
                List.of(new OffsetToCommit(topic, partition, offset, -1, null)));
    }

    private CompletableFuture<GroupReply> fetch(boolean requireStable) {
        return ask(
                GROUP,
                (now, id) -> new GroupEvent.FetchOffsets(
                        now,
                        id,
                        GROUP,
                        List.of(new GroupEvent.TopicPartition("t", 0), new GroupEvent.TopicPartition("t", 1)),
                        requireStable));
    }

    private Held nextHeld() throws InterruptedException {
        return Objects.requireNonNull(log.held.poll(10, TimeUnit.SECONDS));
    }

    private CompletableFuture<GroupReply> fetch(String topic) {
        return ask(
                GROUP,
                (now, id) -> new GroupEvent.FetchOffsets(
                        now, id, GROUP, List.of(new GroupEvent.TopicPartition(topic, 0)), true));
    }

    private CompletableFuture<GroupReply> join(String memberId) {
        return ask(
                GROUP,
                (now, id) -> GroupEventJoinBuilder.builder()
                        .nowMs(now)
                        .requestId(id)
                        .groupId(GROUP)
                        .memberId(memberId)
                        .groupInstanceId(null)
                        .newMemberId("new-" + id)
                        .clientId("client")
                        .clientHost("/127.0.0.1")
                        .rebalanceTimeoutMs(60_000)
                        .sessionTimeoutMs(10_000)
                        .protocolType("consumer")
                        .protocols(List.of(new MemberProtocol("range", Opaque.EMPTY)))
                        .memberIdRequired(true)
                        .maySkipAssignment(true)
                        .reason("")
                        .build());
    }

    private String member() {
        return ((JoinRefused) get(join(""))).memberId();
    }

    /** Turns the clock a little, so that the initial delay ends. */
    private Joined joined(CompletableFuture<GroupReply> join) {
        await().until(() -> {
            clockMs.incrementAndGet();
            host.poke();
            return join.isDone();
        });
        return (Joined) get(join);
    }

    private CompletableFuture<GroupReply> sync(String memberId, int generation, String assignment) {
        return ask(
                GROUP,
                (now, id) -> new GroupEvent.Sync(
                        now,
                        id,
                        GROUP,
                        generation,
                        memberId,
                        null,
                        null,
                        null,
                        List.of(new GroupEvent.MemberAssignment(memberId, opaque(assignment)))));
    }

    private CompletableFuture<GroupReply> leave(String memberId) {
        return ask(
                GROUP,
                (now, id) -> new GroupEvent.Leave(
                        now, id, GROUP, List.of(new GroupEvent.LeavingMember(memberId, null, null))));
    }

    private CompletableFuture<GroupReply> heartbeat(String memberId, int generation) {
        return ask(GROUP, (now, id) -> new GroupEvent.Heartbeat(now, id, GROUP, generation, memberId, null));
    }

    private static Opaque opaque(String text) {
        return Opaque.of(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    private static GroupReply get(CompletableFuture<GroupReply> answer) {
        return answer.orTimeout(20, TimeUnit.SECONDS).join();
    }

    private static List<FetchedOffset> fetched(CompletableFuture<GroupReply> fetch) {
        return ((OffsetsFetched) get(fetch)).offsets();
    }

    private static long offset(CompletableFuture<GroupReply> fetch) {
        return value(fetched(fetch).getFirst());
    }

    private static long value(FetchedOffset offset) {
        return offset.value() == null ? -1 : offset.value().offset();
    }

    private record Topic(Set<String> missing) implements OffsetsTopic {
        @Override
        public Predicate<String> topicsNow() {
            Set<String> missingNow = Set.copyOf(missing);
            return topic -> !missingNow.contains(topic);
        }

        @Override
        public int partitions() {
            return PARTITIONS;
        }

        @Override
        public boolean exists() {
            return true;
        }

        @Override
        public void ensureCreated() {}

        @Override
        public @Nullable Endpoint leader(int partition, String listener) {
            return new Endpoint(0, "localhost", 9092);
        }
    }
}
