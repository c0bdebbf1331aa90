package io.odradek.broker.partition;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogPosition;
import io.odradek.engine.LogView;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.PartitionView;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.record.BatchRules;
import io.odradek.engine.record.FetchedBatches;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.engine.writepath.AppendListener;
import io.odradek.engine.writepath.Shard;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.partition.CommitRule;
import io.odradek.replication.partition.EpochEnd;
import io.odradek.replication.partition.FetchAnswer;
import io.odradek.replication.partition.FetchAnswer.Refusal;
import io.odradek.replication.partition.FetchAnswer.Refused;
import io.odradek.replication.partition.FollowerEffect.AdvanceLogStart;
import io.odradek.replication.partition.FollowerEffect.AppendFetched;
import io.odradek.replication.partition.FollowerEffect.Complain;
import io.odradek.replication.partition.FollowerEffect.Fetch;
import io.odradek.replication.partition.FollowerEffect.LearnHighWatermark;
import io.odradek.replication.partition.FollowerEffect.StartOver;
import io.odradek.replication.partition.FollowerEffect.Truncate;
import io.odradek.replication.partition.FollowerEvent.FetchAnswered;
import io.odradek.replication.partition.FollowerEvent.FetchFailed;
import io.odradek.replication.partition.FollowerEvent.FetchedAppended;
import io.odradek.replication.partition.FollowerEvent.Truncated;
import io.odradek.replication.partition.IsrProposal.Verdict;
import io.odradek.replication.partition.LeaderEffect.ActAgain;
import io.odradek.replication.partition.LeaderEffect.AdvanceHighWatermark;
import io.odradek.replication.partition.LeaderEffect.AlterPartition;
import io.odradek.replication.partition.LeaderEffect.Reply;
import io.odradek.replication.partition.LeaderEffect.ReplyRecords;
import io.odradek.replication.partition.LeaderEffect.StopActing;
import io.odradek.replication.partition.LeaderEvent.FollowerFetched;
import io.odradek.replication.partition.LeaderEvent.LeaseLapsed;
import io.odradek.replication.partition.LeaderEvent.LeaseRenewed;
import io.odradek.replication.partition.LeaderEvent.LogGrew;
import io.odradek.replication.partition.LeaderEvent.MinInSyncReplicasChanged;
import io.odradek.replication.partition.LeaderEvent.PartitionChanged;
import io.odradek.replication.partition.LeaderEvent.ProposalAnswered;
import io.odradek.replication.partition.LeaderEvent.ProposalFailed;
import io.odradek.replication.partition.LeaderMachine;
import io.odradek.replication.partition.ReplicaEffect;
import io.odradek.replication.partition.ReplicaEffect.Follow;
import io.odradek.replication.partition.ReplicaEffect.Lead;
import io.odradek.replication.partition.ReplicaEffect.StandBy;
import io.odradek.replication.partition.ReplicaEvent;
import io.odradek.replication.partition.ReplicaEvent.LocallyAppended;
import io.odradek.replication.partition.ReplicaEvent.TimePassed;
import io.odradek.replication.partition.ReplicaFetch;
import io.odradek.replication.partition.ReplicaLog;
import io.odradek.replication.partition.ReplicaMachine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One partition on this broker: leads, follows or stands by, as its {@link ReplicaMachine} says; how far it is committed, what readers may
 * see, and who waits for it. Its state belongs to the settle thread of its shard; other threads read {@link #view()} and {@link #status()},
 * and hand batches to the shard.
 *
 * <p>The machine hears of a new leader epoch when the log is ready for it: what was handed over in the old one has been appended or will be
 * refused, and what was appended has settled. Until then it goes on as it was, but for answers of a leader, which are dropped.
 *
 * <pre>
 *   metadata thread         append                     settle
 *   hear(image) ─────────▶ beginEpoch or follow ────▶ machine: PartitionChanged ──▶ effects: Lead, Follow, StandBy
 *                                                                │
 *        ┌───────────────────────────────────────────────────────┤
 *        ▼ Fetch                          ▼ AppendFetched        ▼ Truncate, StartOver
 *   Fetcher ── answer ──▶ settle     ring: append, sync      ring: a task, durable when it ends
 * </pre>
 */
public final class PartitionHost {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionHost.class);

    /** More than any fetch waits for: whoever is told of so many bytes looks again. */
    private static final long MANY_BYTES = 1L << 40;

    private static final long NOT_TOLD = Long.MAX_VALUE;

    /** A leader's contradictions come again with each attempt. */
    private static final long COMPLAIN_AGAIN_MS = 60_000;

    private final TopicPartition partition;
    private final Uuid topicId;
    private final HostedShard home;
    private final PartitionLog log;
    private final TopicTraffic traffic;
    private final ParkedFetches parkedFetches = new ParkedFetches();
    private final ParkedProduces parkedProduces = new ParkedProduces();
    private final ParkedDeletions parkedDeletions = new ParkedDeletions();
    private final DurableLogStart durableLogStart;

    private volatile PartitionView view;
    private volatile Errors status = Errors.NOT_LEADER_OR_FOLLOWER;
    private volatile boolean follows;
    private volatile boolean admitsAcksAll = true;
    private volatile boolean tellsEnd = true;
    private volatile long checkpoint;
    /** While this broker leads: of whom the high watermark waits. */
    private volatile List<Integer> counted = List.of();

    /** What followers have said of themselves in this reign, by broker. Settle thread puts, any thread reads. */
    private final Map<Integer, ReplicaExtent> followers = new ConcurrentHashMap<>();

    /** Leader epochs for which the log is being made ready. Metadata thread counts up, settle thread down. */
    private final AtomicInteger preparing = new AtomicInteger();

    // Metadata thread: what it has handed over last.
    private int preparedEpoch = -1;
    private boolean preparedStandBy;
    private final AtomicBoolean toldUnreadable = new AtomicBoolean();

    /** Derived once per configuration; losing a race derives it twice. */
    private volatile Rules rules;

    private record Rules(LogConfig from, BatchRules rules, BatchRules withoutZstd) {
        static Rules of(LogConfig config) {
            BatchRules rules = BatchRules.of(config);
            return new Rules(config, rules, rules.withoutZstd());
        }
    }

    // The rest is the settle thread's.

    /** Null until the log is ready for the first time, and when it can't be had any more. */
    private @Nullable ReplicaMachine machine;

    private final ReplicaPorts ports;
    private final ReplicaLog logNow = new LogNow();
    private boolean leased;
    /** It came while the log was made ready. */
    private @Nullable PartitionImage newest;
    /** Nobody else has a replica: nobody waits for what is not durable. */
    private boolean alone;

    /** Visible bytes since the waiting fetches were last told. */
    private long grownBytes;
    /** Where the log was durable last, which a high watermark may turn out to be. */
    private LogPosition lastEnd = LogPosition.ofOffset(0);

    private final Map<Long, FollowerAnswer.Reader> readers = new HashMap<>();
    private long nextRead;

    /** What came with the answer that the machine is told of. */
    private @Nullable FetchedBatches fetched;

    private @Nullable Fetcher fetcher;
    /** By the newest metadata. */
    private boolean inSync;
    /** Who may lead though it is not in sync (KIP-966), by the newest metadata. */
    private List<Integer> eligible = List.of();
    /** What the leader that is followed has said last; {@link #NOT_TOLD} before it has said any. */
    private long toldHighWatermark = NOT_TOLD;

    private @Nullable Complained complained;

    private record Complained(String line, long atMs) {}

    PartitionHost(
            TopicPartition partition,
            Uuid topicId,
            HostedShard home,
            PartitionLog log,
            int leaderEpoch,
            TopicTraffic traffic,
            ReplicaPorts ports,
            LogStartWrites logStarts,
            boolean leased) {
        this.partition = partition;
        this.topicId = topicId;
        this.home = home;
        this.log = log;
        this.traffic = traffic;
        this.ports = ports;
        this.leased = leased;
        this.durableLogStart = new DurableLogStart(home, log, logStarts);
        this.rules = Rules.of(log.config());
        // Nothing is committed until the reign begins.
        LogPosition nothing = LogPosition.ofOffset(log.view().logStartOffset());
        this.view = new PartitionView(log.view(), nothing, nothing, leaderEpoch);
        this.checkpoint = home.directory().checkpointedHighWatermark(partition);
    }

    public TopicPartition partition() {
        return partition;
    }

    public Uuid topicId() {
        return topicId;
    }

    /** For its view and configuration; appending is the shard's. */
    public PartitionLog log() {
        return log;
    }

    /** Of its topic. */
    public TopicTraffic traffic() {
        return traffic;
    }

    public Shard shard() {
        return home.shard();
    }

    HostedShard home() {
        return home;
    }

    public LogDirectory directory() {
        return home.directory();
    }

    ShardSettlement settlement() {
        return home.settlement();
    }

    /**
     * What is committed. The log's own view is never older than the one in here, and retention shows there first: read bytes
     * and the log's start from {@code log().view()}, after this.
     */
    public PartitionView view() {
        return view;
    }

    /**
     * {@link Errors#NONE} while this broker leads the partition and can serve it; else why not. Any thread.
     */
    public Errors status() {
        if (home.directory().isOffline()) {
            return Errors.KAFKA_STORAGE_ERROR; // as Kafka says, whoever leads by now
        }
        Errors now = status;
        if (now != Errors.NONE) {
            return now;
        }
        long leaseEndMs = ports.leaseEndMs().getAsLong();
        return leaseEndMs != Long.MAX_VALUE && ports.clock().nowMs() >= leaseEndMs
                ? Errors.NOT_LEADER_OR_FOLLOWER
                : Errors.NONE;
    }

    /**
     * Whether it follows a leader, so that what it knows to be committed can be read here, too (KIP-392). What it serves then may lag behind,
     * and is committed all the same. Any thread.
     */
    public boolean follows() {
        return follows;
    }

    /**
     * What a replica has.
     *
     * @param durableEnd exclusive
     */
    public record ReplicaExtent(long logStartOffset, long durableEnd) {}

    /** As a follower has said last; null when it has said nothing in this reign, or this broker does not lead. Any thread. */
    public @Nullable ReplicaExtent extentOf(int brokerId) {
        return followers.get(brokerId);
    }

    /**
     * What a client that believes in {@code leaderEpoch} is to be told (KIP-320); -1 is a client that has no belief.
     */
    public Errors checkEpoch(PartitionView view, int leaderEpoch) {
        if (leaderEpoch < 0 || leaderEpoch == view.leaderEpoch()) {
            return Errors.NONE;
        }
        return leaderEpoch < view.leaderEpoch() ? Errors.FENCED_LEADER_EPOCH : Errors.UNKNOWN_LEADER_EPOCH;
    }

    /** What its topic's configuration lets in; old clients may not send zstd (KIP-110). Any thread. */
    @SuppressWarnings("ReferenceEquality") // a configuration is swapped as a whole
    public BatchRules batchRules(boolean zstdAllowed) {
        Rules now = rules;
        LogConfig config = log.config();
        if (now.from != config) {
            now = Rules.of(config);
            rules = now;
        }
        return zstdAllowed ? now.rules : now.withoutZstd;
    }

    /**
     * Bytes of the log can't be read. Said once: every reader that comes this way finds them again. The partition goes on, and so
     * does its directory: the other bytes can be read, and a disk that can't be written or synced says so itself. Any thread.
     */
    public void unreadable(IOException cause) {
        if (toldUnreadable.compareAndSet(false, true)) {
            LOG.error(
                    "{}: a part of its log can't be read: {}. Who reads there gets an error, the rest is served;"
                            + " repair the disk and start again, or delete the records before the damage's end",
                    this,
                    cause.getMessage(),
                    cause);
        } else {
            LOG.debug("{}: unreadable", this, cause);
        }
    }

    /** Hands a batch to {@link #shard()}, as its leader; see {@link Shard#tryWriteUnannounced}. */
    public boolean tryWriteUnannounced(ValidatedBatch batch, AppendListener listener) {
        return home.shard().tryWriteUnannounced(log, batch, view.leaderEpoch(), listener);
    }

    /** Whether enough replicas are in sync to promise anything to an acks=all producer. Any thread. */
    public boolean admitsAcksAll() {
        return admitsAcksAll;
    }

    /** Whether it may say where the log ends: it knows of all that was committed before its reign (KIP-207). Any thread. */
    public boolean tellsEnd() {
        return tellsEnd;
    }

    /** Whether what is committed waits for this replica: it is in sync, or proposed to be. Any thread. */
    public boolean counts(int replicaId) {
        return counted.contains(replicaId);
    }

    /** What may be written down of the high watermark: no more than a crash would leave. Any thread. */
    public long checkpoint() {
        return checkpoint;
    }

    /** Answers {@code produce} once the high watermark passes it, or now. Settle thread. */
    public void awaitCommit(ParkedProduce produce) {
        Errors now = status;
        if (now != Errors.NONE) {
            produce.failed(now);
        } else if (!admitsAcksAll && produce.endOffset() > view.highWatermark().offset()) {
            produce.failed(Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND); // the set shrank on the way
        } else if (produce.endOffset() <= view.highWatermark().offset()) {
            produce.committed();
        } else {
            parkedProduces.park(produce);
        }
    }

    /** Announces progress beyond the present view to the interest, once. Network loop. */
    void watch(FetchInterest interest) {
        if (parkedFetches.push(interest)) {
            home.shard().settle(parkedFetches::prune);
        }
    }

    // ---- What the metadata says. Metadata thread.

    /**
     * The metadata log says something about the partition. May block on a full ring.
     *
     * @param done called on the settle thread when it has come to be so; with a cause when it can't be
     */
    void hear(PartitionImage image, Done done) {
        boolean standsBy = standsBy(image);
        if (image.leaderEpoch() == preparedEpoch && standsBy == preparedStandBy) {
            shard().settle(() -> {
                applyOrWait(image);
                done.done(null);
            });
            return;
        }
        preparedEpoch = image.leaderEpoch();
        preparedStandBy = standsBy;
        boolean leads = !standsBy && image.leader() == ports.brokerId();
        preparing.incrementAndGet();
        @Nullable IOException[] refused = {null};
        shard().run(
                        log,
                        () -> {
                            if (leads) {
                                log.beginEpoch(image.leaderEpoch());
                            } else {
                                log.follow();
                            }
                        },
                        failure -> refused[0] = failure);
        // What recovery found may be in the page cache only. A reader must not see what a power loss takes away
        // again, and a follower asks from its durable end.
        shard().requestSync(log, failure -> {
            preparing.decrementAndGet();
            IOException cause = refused[0] != null ? refused[0] : failure;
            if (cause == null) {
                applyOrWait(image);
            } else {
                giveUp(Errors.KAFKA_STORAGE_ERROR);
            }
            done.done(cause);
        });
    }

    /** Told when something has come to be so. */
    interface Done {
        void done(@Nullable IOException failure);
    }

    private boolean standsBy(PartitionImage image) {
        return !image.hasLeader() || !image.replicas().contains(ports.brokerId());
    }

    // ---- What happens. Settle thread.

    /** While the log is made ready for a later epoch, the machine must not begin an earlier one. */
    void applyOrWait(PartitionImage image) {
        PartitionImage waiting = newest;
        PartitionImage later = waiting != null && waiting.partitionEpoch() > image.partitionEpoch() ? waiting : image;
        if (preparing.get() > 0) {
            newest = later;
            return;
        }
        newest = null;
        if (status == Errors.KAFKA_STORAGE_ERROR || status == Errors.UNKNOWN_TOPIC_OR_PARTITION) {
            return; // given up
        }
        if (machine == null) {
            begin();
        }
        alone = later.replicas().size() == 1;
        inSync = later.inSyncReplicas().contains(ports.brokerId());
        eligible = later.eligibleLeaderReplicas();
        log.announceGrowth(!alone);
        step(new PartitionChanged(later));
    }

    private void begin() {
        LogView now = log.view();
        long known = home.directory().checkpointedHighWatermark(partition);
        long end = now.logEndOffset();
        lastEnd = now.end();
        long highWatermark = Math.min(Math.max(known, now.logStartOffset()), end);
        machine = new ReplicaMachine(
                ports.brokerId(),
                ports.brokerEpoch().getAsLong(),
                log.config().minInSyncReplicas(),
                highWatermark,
                end,
                logNow,
                CommitRule.named(CommitRule.IN_SYNC_REPLICAS),
                ports.settings(),
                leased);
        publish(position(highWatermark), view.leaderEpoch());
    }

    /** {@code min.insync.replicas} of the topic. */
    void minInSyncReplicasChanged(int min) {
        step(new MinInSyncReplicasChanged(min));
    }

    /** Whether this broker may act as leader. */
    void leased(boolean now) {
        leased = now;
        step(now ? new LeaseRenewed() : new LeaseLapsed());
    }

    void timePassed() {
        step(new TimePassed());
    }

    /** Records were appended that are not durable yet. */
    void grew() {
        step(new LogGrew());
    }

    /**
     * A follower asks.
     *
     * @param fetch with a leader epoch of -1 when the follower does not know it, as old ones don't
     */
    public void followerFetched(ReplicaFetch fetch, FollowerAnswer.Reader reader) {
        ReplicaMachine now = machine;
        if (now == null || home.directory().isOffline()) {
            reader.answered(new FollowerAnswer.Other(new Refused(Refusal.NOT_LEADER_OR_FOLLOWER)));
            return;
        }
        ReplicaFetch known = fetch.leaderEpoch() >= 0 ? fetch : inEpoch(fetch, now.leaderEpoch());
        long id = nextRead++;
        readers.put(id, reader);
        step(new FollowerFetched(id, known));
        LeaderMachine leader = now.leader();
        long end = leader == null ? -1 : leader.endOf(fetch.replicaId());
        if (end >= 0) {
            followers.put(fetch.replicaId(), new ReplicaExtent(fetch.logStartOffset(), end));
            tellDeletions();
        }
    }

    private static ReplicaFetch inEpoch(ReplicaFetch fetch, int leaderEpoch) {
        return new ReplicaFetch(
                fetch.replicaId(),
                fetch.brokerEpoch(),
                leaderEpoch,
                fetch.fetchOffset(),
                fetch.lastFetchedEpoch(),
                fetch.logStartOffset(),
                fetch.highWatermark(),
                fetch.maxWaitMs());
    }

    /**
     * The leader has answered.
     *
     * @param batches what {@code answer} speaks of; taken over
     */
    void fetchAnswered(long exchange, int leaderEpoch, FetchAnswer answer, @Nullable FetchedBatches batches) {
        if (preparing.get() > 0 || machine == null) {
            release(batches); // of a leader whose epoch is over: nothing of it comes behind the next one's beginning
            return;
        }
        if (answer instanceof FetchAnswer.Records records) {
            toldHighWatermark = records.highWatermark();
        }
        fetched = batches;
        step(new FetchAnswered(exchange, leaderEpoch, answer));
        release(fetched); // it was of no use
        fetched = null;
    }

    private static void release(@Nullable FetchedBatches batches) {
        if (batches != null) {
            batches.releaseFrom(0);
        }
    }

    /** Whether nothing that is committed waits for it, and it has not all that is: who may be held up (KIP-73). */
    boolean lags() {
        return !inSync && toldHighWatermark > log.view().logEndOffset();
    }

    void fetchFailed(long exchange) {
        step(new FetchFailed(exchange));
    }

    private void step(ReplicaEvent event) {
        ReplicaMachine now = machine;
        if (now == null) {
            return;
        }
        List<ReplicaEffect> effects = now.step(ports.clock().nowMs(), event);
        // First, so that nobody writes down of it what a cut is about to take away.
        checkpoint = now.checkpoint();
        // So does who answers a follower: one that is proposed because of its fetch is not held up any more.
        LeaderMachine leads = now.leader();
        counted = leads == null ? List.of() : leads.counted();
        for (ReplicaEffect effect : effects) {
            carryOut(effect);
        }
        if (machine != null) {
            publishLeadership(now.leader());
            tellDeletions();
            home.settlement().arm(this, now.deadlineMs());
        }
    }

    private void publishLeadership(@Nullable LeaderMachine leader) {
        boolean admitted = leader == null || leader.admitsAcksAll();
        tellsEnd = leader == null || leader.tellsEnd();
        if (admitsAcksAll != admitted) {
            admitsAcksAll = admitted;
            if (!admitted) {
                // Nothing is committed from now on until the set has grown again: the producer may rather try again.
                parkedProduces.fail(Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND);
            }
        }
    }

    private void carryOut(ReplicaEffect effect) {
        switch (effect) {
            case Lead(int leaderEpoch, long _) -> {
                leaveFetcher();
                followers.clear();
                follows = false;
                publish(view.highWatermark(), leaderEpoch);
                ReplicaMachine now = machine;
                LeaderMachine leader = now == null ? null : now.leader();
                boolean acts = leader != null && leader.acts();
                status = acts ? Errors.NONE : Errors.NOT_LEADER_OR_FOLLOWER;
                wakeAll();
            }
            case Follow(int leaderEpoch, int leader) -> {
                resign(leaderEpoch, true);
                toldHighWatermark = NOT_TOLD;
                fetcher = home.settlement().fetcher(leader);
            }
            case StandBy(int leaderEpoch) -> resign(leaderEpoch, false);
            case AdvanceHighWatermark(long offset) -> {
                advance(position(offset));
                home.settlement().advanced(this);
            }
            case ReplyRecords(long id, int epoch, long from, long to, long highWatermark, long start) ->
                answer(id, new FollowerAnswer.Granted(epoch, from, to, highWatermark, start, log.truncations()));
            case Reply(long id, FetchAnswer answer) -> answer(id, new FollowerAnswer.Other(answer));
            case AlterPartition alter -> propose(alter);
            case StopActing() -> {
                status = Errors.NOT_LEADER_OR_FOLLOWER;
                publish(view.highWatermark(), view.leaderEpoch());
                parkedDeletions.fail(Errors.NOT_LEADER_OR_FOLLOWER);
                wakeAll();
            }
            case ActAgain() -> status = Errors.NONE;
            case Fetch fetch -> {
                Fetcher asks = fetcher;
                if (asks == null) {
                    throw new IllegalStateException(this + " follows nobody, but is to " + fetch);
                }
                asks.want(this, fetch);
            }
            case AppendFetched(long exchange) -> append(exchange);
            case Truncate(long to, long highWatermark) -> {
                lowerTo(highWatermark);
                changeLog(() -> log.truncateTo(to));
            }
            case StartOver(long logStartOffset) -> {
                lowerTo(logStartOffset);
                durableLogStart.beginsAgainAt(logStartOffset);
                changeLog(() -> home.directory().beginAgain(log, logStartOffset));
            }
            case LearnHighWatermark(long offset) -> {
                LogPosition before = view.highWatermark();
                publish(position(offset), view.leaderEpoch());
                grownBytes += visibleBytes(before, view.highWatermark());
                home.settlement().advanced(this);
            }
            case AdvanceLogStart(long logStartOffset) -> durableLogStart.advance(logStartOffset);
            case Complain(String line) -> complain(line);
        }
    }

    private void answer(long id, FollowerAnswer answer) {
        FollowerAnswer.Reader reader = readers.remove(id);
        if (reader == null) {
            throw new IllegalStateException(this + " answers a fetch that nobody waits for: " + answer);
        }
        reader.answered(answer);
    }

    private void propose(AlterPartition alter) {
        long id = alter.requestId();
        ports.proposals()
                .propose(partition, ports.brokerEpoch().getAsLong(), alter.proposal(), new InSyncProposals.Outcome() {
                    @Override
                    public void answered(Verdict verdict) {
                        shard().settle(() -> step(new ProposalAnswered(id, verdict)));
                    }

                    @Override
                    public void failed(String why) {
                        LOG.debug("{}: a proposal of its in-sync set was not answered: {}", this, why);
                        shard().settle(() -> step(new ProposalFailed(id)));
                    }
                });
    }

    // ---- Following. Settle thread.

    private void append(long exchange) {
        FetchedBatches batches = fetched;
        ReplicaMachine now = machine;
        if (batches == null || now == null) {
            throw new IllegalStateException(this + " is to append what nobody has fetched");
        }
        fetched = null;
        Fetcher asks = fetcher;
        if (asks != null) {
            asks.appending(this);
        }
        long begins = batches.get(0).baseOffset();
        if (begins < log.logEndOffset()) { // the log is empty, and begins where the leader has deleted records within a
            // batch
            durableLogStart.beginsAgainAt(begins);
            runOnLog(() -> home.directory().beginAgain(log, begins), _ -> {});
        }
        write(batches, now.leaderEpoch(), outcome -> {
            switch (outcome) {
                case AppendOutcome.Appended appended -> step(new FetchedAppended(exchange, appended.lastOffset() + 1));
                case AppendOutcome refused -> {
                    LOG.error(
                            "{}: what its leader sent could not be appended: {}; it is out of service", this, refused);
                    giveUp(Errors.KAFKA_STORAGE_ERROR);
                }
            }
            if (asks != null) {
                asks.appended(this);
            }
        });
    }

    /** Waits for room without holding up the thread, which makes it. */
    private void write(FetchedBatches batches, int leaderEpoch, AppendListener listener) {
        if (shard().isClosed()) {
            batches.releaseFrom(0);
        } else if (!shard().tryWriteFetched(log, batches, leaderEpoch, listener)) {
            shard().onRoom(() -> write(batches, leaderEpoch, listener));
        }
    }

    /** Readers and the checkpoint know of the lower one before anything is cut. */
    private void lowerTo(long highWatermark) {
        if (highWatermark < view.highWatermark().offset()) {
            publish(LogPosition.ofOffset(highWatermark), view.leaderEpoch());
        }
    }

    private void changeLog(Shard.LogTask task) {
        runOnLog(task, failure -> {
            if (failure == null) {
                lastEnd = log.view().end();
                step(new Truncated(lastEnd.offset()));
                if (machine != null && view.highWatermark().offset() > machine.highWatermark()) {
                    publish(position(machine.highWatermark()), view.leaderEpoch()); // there was a gap below the cut
                }
            } else {
                LOG.error("{}: its log could not be cut; it is out of service", this, failure);
                giveUp(Errors.KAFKA_STORAGE_ERROR);
            }
        });
    }

    /**
     * Deletes the records before {@code offset}, for good: the outcome is told when no replica that may lead could bring them back, whatever
     * crash follows.
     *
     * @param offset at most the high watermark
     * @param timeoutMs how long others may take
     * @param outcome is told once, on a thread that may not be held up
     */
    public void deleteRecords(long offset, int timeoutMs, DeletionOutcome outcome) {
        long untilMs = ports.clock().nowMs() + timeoutMs;
        durableLogStart.delete(offset, failure -> {
            if (failure != null) {
                LOG.error("{}: deleting records before offset {} failed", this, offset, failure);
                outcome.done(Errors.KAFKA_STORAGE_ERROR, -1);
            } else if (status != Errors.NONE) {
                outcome.done(status, -1);
            } else if (offset <= lowWatermark()) {
                outcome.done(Errors.NONE, lowWatermark());
            } else {
                Runnable end = parkedDeletions.park(offset, outcome);
                ports.clock().wakeAt(untilMs, () -> shard().settle(end));
            }
        });
    }

    /** What lies below stays deleted in this replica, whatever crash follows. */
    long durableLogStart() {
        return durableLogStart.offset();
    }

    private void tellDeletions() {
        if (!parkedDeletions.isEmpty()) {
            parkedDeletions.reached(lowWatermark());
        }
    }

    /** What lies below comes back with nobody who may lead. */
    private long lowWatermark() {
        long lowWatermark = durableLogStart();
        for (List<Integer> some : List.of(counted, eligible)) {
            for (int replica : some) {
                if (replica != ports.brokerId()) {
                    ReplicaExtent extent = followers.get(replica);
                    lowWatermark = Math.min(lowWatermark, extent == null ? -1 : extent.logStartOffset());
                }
            }
        }
        return lowWatermark;
    }

    private void runOnLog(Shard.LogTask task, Shard.TaskListener listener) {
        try {
            shard().run(log, task, listener);
        } catch (RejectedExecutionException stopping) {
            LOG.debug("{}: the shard is closed", this);
        }
    }

    private void complain(String line) {
        long now = ports.clock().nowMs();
        Complained last = complained;
        if (last == null || !last.line.equals(line) || now - last.atMs >= COMPLAIN_AGAIN_MS) {
            complained = new Complained(line, now);
            LOG.warn("{}: {}", this, line);
        }
    }

    /** An answer of the leader can't be used: said as what contradicts what is known is. */
    void cannotTake(String what) {
        complain("its leader sent what can't be taken: " + what + ": nothing of it was appended");
    }

    private void leaveFetcher() {
        Fetcher left = fetcher;
        fetcher = null;
        if (left != null) {
            left.leave(this);
        }
    }

    /** The log as the machine asks about it. */
    private final class LogNow implements ReplicaLog {

        @Override
        public long logStartOffset() {
            return log.view().logStartOffset();
        }

        @Override
        public long durableLogStart() {
            return PartitionHost.this.durableLogStart();
        }

        @Override
        public long logEndOffset() {
            return log.view().logEndOffset();
        }

        @Override
        public int lastEpoch() {
            LogView now = log.view();
            return now.logStartOffset() == now.logEndOffset()
                    ? NO_EPOCH
                    : now.epochs().epochOf(now.logEndOffset() - 1);
        }

        @Override
        public EpochEnd endOfEpoch(int epoch) {
            LogView now = log.view();
            LeaderEpochs epochs = now.epochs();
            int n = epochs.floor(epoch);
            while (n >= 0 && epochs.startOffset(n) >= now.logEndOffset()) {
                n--; // begun, and nothing was written in it
            }
            if (n < 0) {
                return new EpochEnd(NO_EPOCH, now.logStartOffset());
            }
            long end = n + 1 < epochs.count() ? epochs.startOffset(n + 1) : now.logEndOffset();
            return new EpochEnd(epochs.epoch(n), Math.min(end, now.logEndOffset()));
        }
    }

    // ---- Progress. Settle thread.

    /**
     * The log is as durable as its topic demands up to {@code end}.
     *
     * @return whether {@link #wakeFetches()} has something to tell that nobody knows of yet
     */
    boolean progressed(LogPosition end) {
        lastEnd = end;
        ReplicaMachine now = machine;
        if (now == null) {
            return false;
        }
        if (!alone || now.leader() == null) {
            step(new LocallyAppended(end.offset()));
            return false;
        }
        long highWatermark = now.localEnd(end.offset());
        if (highWatermark == view.highWatermark().offset()) {
            return false;
        }
        boolean first = grownBytes == 0;
        checkpoint = highWatermark;
        advance(position(highWatermark));
        return first;
    }

    private void advance(LogPosition highWatermark) {
        PartitionView before = view;
        assert highWatermark.offset() > before.highWatermark().offset()
                : "high watermark of " + this + " would go back to " + highWatermark;
        publish(highWatermark, before.leaderEpoch());
        grownBytes += visibleBytes(before.highWatermark(), highWatermark);
        parkedProduces.highWatermarkReached(highWatermark.offset());
    }

    /** No transactions yet: everything committed is stable. */
    private void publish(LogPosition highWatermark, int leaderEpoch) {
        view = new PartitionView(log.view(), highWatermark, highWatermark, leaderEpoch);
    }

    private LogPosition position(long offset) {
        return offset == lastEnd.offset() ? lastEnd : LogPosition.ofOffset(offset);
    }

    private void wakeAll() {
        grownBytes = MANY_BYTES;
        wakeFetches();
    }

    /** @param isFollower what is committed can still be read here */
    private void resign(int leaderEpoch, boolean isFollower) {
        leaveFetcher();
        status = Errors.NOT_LEADER_OR_FOLLOWER;
        follows = isFollower;
        followers.clear();
        // A new object in any case, so that a fetch that is about to wait sees that something happened.
        publish(view.highWatermark(), leaderEpoch);
        parkedProduces.fail(Errors.NOT_LEADER_OR_FOLLOWER);
        parkedDeletions.fail(Errors.NOT_LEADER_OR_FOLLOWER);
        wakeAll();
    }

    /** Tells the waiting fetches what became visible since the last call. Settle thread. */
    void wakeFetches() {
        long grown = grownBytes;
        grownBytes = 0;
        parkedFetches.grew(grown);
    }

    /** The partition is no longer served here, nor followed: everybody who waits is told. Settle thread. */
    void giveUp(Errors why) {
        assert why != Errors.NONE : "given up without a reason";
        status = why;
        follows = false;
        machine = null;
        leaveFetcher();
        log.announceGrowth(false);
        publish(view.highWatermark(), view.leaderEpoch());
        parkedProduces.fail(why);
        parkedDeletions.fail(why);
        List<FollowerAnswer.Reader> told = new ArrayList<>(readers.values());
        readers.clear();
        told.forEach(reader -> reader.answered(new FollowerAnswer.Other(new Refused(Refusal.NOT_LEADER_OR_FOLLOWER))));
        wakeAll();
    }

    private static long visibleBytes(LogPosition before, LogPosition after) {
        boolean sameSegment = before.segmentBaseOffset() == after.segmentBaseOffset()
                && before.position() != LogPosition.UNKNOWN
                && after.position() != LogPosition.UNKNOWN;
        // Across segments the old one's length isn't at hand: whoever waits looks for itself, as in Kafka.
        return sameSegment ? Math.max(1, after.position() - before.position()) : MANY_BYTES;
    }

    /** Fetches that wait here or have waited not long ago; for metrics. Any thread. */
    public int parkedFetchNodes() {
        return parkedFetches.size();
    }

    @Override
    public String toString() {
        return partition.toString();
    }
}
