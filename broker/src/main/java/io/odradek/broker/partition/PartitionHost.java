package io.odradek.broker.partition;

import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.LogPosition;
import io.odradek.engine.LogView;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.PartitionView;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.record.BatchRules;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.engine.writepath.AppendListener;
import io.odradek.engine.writepath.Shard;
import io.odradek.replication.controller.PartitionImage;
import io.odradek.replication.partition.CommitRule;
import io.odradek.replication.partition.EpochEnd;
import io.odradek.replication.partition.LeaderEffect;
import io.odradek.replication.partition.LeaderEffect.ActAgain;
import io.odradek.replication.partition.LeaderEffect.AdvanceHighWatermark;
import io.odradek.replication.partition.LeaderEffect.AlterPartition;
import io.odradek.replication.partition.LeaderEffect.Reply;
import io.odradek.replication.partition.LeaderEffect.ReplyRecords;
import io.odradek.replication.partition.LeaderEffect.StopActing;
import io.odradek.replication.partition.LeaderEvent;
import io.odradek.replication.partition.LeaderMachine;
import io.odradek.replication.partition.ReplicaLog;
import io.odradek.replication.partition.ReplicationSettings;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One partition on this broker: how far it is committed, what readers may see, and who waits for it. Its state belongs to the
 * settle thread of its shard; other threads read {@link #view()} and {@link #status()}, and hand batches to the shard.
 */
public final class PartitionHost {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionHost.class);

    /** More than any fetch waits for: whoever is told of so many bytes looks again. */
    private static final long MANY_BYTES = 1L << 40;

    /** Of its process: it is told to the controller when somebody else is to be in sync, and no other broker follows this one yet. */
    private static final long NO_BROKER_EPOCH = -1;

    private final TopicPartition partition;
    private final Uuid topicId;
    private final HostedShard home;
    private final PartitionLog log;
    private final TopicTraffic traffic;
    private final ParkedFetches parkedFetches = new ParkedFetches();
    private final ParkedProduces parkedProduces = new ParkedProduces();

    private volatile PartitionView view;
    private volatile Errors status = Errors.NOT_LEADER_OR_FOLLOWER;
    private volatile boolean admitsAcksAll = true;
    private final AtomicBoolean toldUnreadable = new AtomicBoolean();

    /** Derived once per configuration; losing a race derives it twice. */
    private volatile Rules rules;

    private record Rules(LogConfig from, BatchRules rules, BatchRules withoutZstd) {
        static Rules of(LogConfig config) {
            BatchRules rules = BatchRules.of(config);
            return new Rules(config, rules, rules.withoutZstd());
        }
    }

    /** The present reign; null before the first. Settle thread. */
    private @Nullable LeaderMachine machine;

    /** Visible bytes since the waiting fetches were last told. Settle thread. */
    private long grownBytes;

    PartitionHost(
            TopicPartition partition,
            Uuid topicId,
            HostedShard home,
            PartitionLog log,
            int leaderEpoch,
            TopicTraffic traffic) {
        this.partition = partition;
        this.topicId = topicId;
        this.home = home;
        this.log = log;
        this.traffic = traffic;
        this.rules = Rules.of(log.config());
        // Nothing is committed until the reign begins: lead().
        LogPosition nothing = LogPosition.ofOffset(log.view().logStartOffset());
        this.view = new PartitionView(log.view(), nothing, nothing, leaderEpoch);
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
        Errors now = status;
        return now == Errors.NONE && home.directory().isOffline() ? Errors.KAFKA_STORAGE_ERROR : now;
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

    /** Answers {@code produce} once the high watermark passes it, or now. Settle thread. */
    public void awaitCommit(ParkedProduce produce) {
        Errors now = status;
        if (now != Errors.NONE) {
            produce.failed(now);
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

    /**
     * A reign begins: what the log holds is durable, and the high watermark is what the in-sync replicas make it. Settle thread.
     */
    void lead(int brokerId, PartitionImage image) {
        LogView now = log.view();
        long end = now.logEndOffset();
        long known = home.directory().checkpointedHighWatermark(partition);
        machine = new LeaderMachine(
                brokerId,
                NO_BROKER_EPOCH,
                image,
                log.config().minInSyncReplicas(),
                Math.min(Math.max(Math.max(known, view.highWatermark().offset()), now.logStartOffset()), end),
                end,
                new LogNow(),
                CommitRule.named(CommitRule.IN_SYNC_REPLICAS),
                ReplicationSettings.DEFAULT,
                true,
                0,
                nowMs());
        long highWatermark = machine.highWatermark();
        LogPosition position = highWatermark == end ? now.end() : LogPosition.ofOffset(highWatermark);
        view = new PartitionView(now, position, position, image.leaderEpoch());
        admitsAcksAll = machine.admitsAcksAll();
        status = Errors.NONE;
        parkedProduces.highWatermarkReached(highWatermark);
        grownBytes = MANY_BYTES;
        wakeFetches();
    }

    /** The metadata log or the topic's configuration says something new about the present reign. Settle thread. */
    void learn(LeaderEvent event) {
        LeaderMachine reign = machine;
        if (reign == null || status != Errors.NONE) {
            return;
        }
        for (LeaderEffect effect : reign.step(nowMs(), event)) {
            switch (effect) {
                case AdvanceHighWatermark(long offset) -> {
                    advance(LogPosition.ofOffset(offset));
                    wakeFetches();
                }
                case AlterPartition _ -> {} // the controller takes no proposals yet: who is in sync stays so
                case ReplyRecords _, Reply _, StopActing _, ActAgain _ ->
                    throw new IllegalStateException(this + " has no followers and no lease, but is to " + effect);
            }
        }
        admitsAcksAll = reign.admitsAcksAll();
    }

    private static long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    /** The log as the machine asks about it. */
    private final class LogNow implements ReplicaLog {

        @Override
        public long logStartOffset() {
            return log.view().logStartOffset();
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
            if (n < 0) {
                return new EpochEnd(NO_EPOCH, now.logStartOffset());
            }
            return new EpochEnd(
                    epochs.epoch(n), n + 1 < epochs.count() ? epochs.startOffset(n + 1) : now.logEndOffset());
        }
    }

    /**
     * The log is as durable as its topic demands up to {@code end}.
     *
     * @return whether {@link #wakeFetches()} has something to tell
     */
    boolean progressed(LogPosition end) {
        LeaderMachine reign = machine;
        if (reign == null || status != Errors.NONE) {
            return false;
        }
        long highWatermark = reign.localEnd(end.offset());
        if (highWatermark == view.highWatermark().offset()) {
            return false;
        }
        boolean first = grownBytes == 0;
        advance(highWatermark == end.offset() ? end : LogPosition.ofOffset(highWatermark));
        return first;
    }

    private void advance(LogPosition highWatermark) {
        PartitionView before = view;
        assert highWatermark.offset() > before.highWatermark().offset()
                : "high watermark of " + this + " would go back to " + highWatermark;
        // No transactions yet: everything committed is stable.
        view = new PartitionView(log.view(), highWatermark, highWatermark, before.leaderEpoch());
        grownBytes += visibleBytes(before.highWatermark(), highWatermark);
        parkedProduces.highWatermarkReached(highWatermark.offset());
    }

    /** Tells the waiting fetches what became visible since the last call. Settle thread. */
    void wakeFetches() {
        long grown = grownBytes;
        grownBytes = 0;
        parkedFetches.grew(grown);
    }

    /** The partition is no longer served here: everybody who waits is told. Settle thread. */
    void retire(Errors why) {
        assert why != Errors.NONE : "retired without a reason";
        status = why;
        machine = null;
        PartitionView last = view;
        // A new object, so that a fetch that is about to wait sees that something happened.
        view = new PartitionView(last.log(), last.highWatermark(), last.lastStableOffset(), last.leaderEpoch());
        parkedProduces.fail(why);
        grownBytes = MANY_BYTES;
        wakeFetches();
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
