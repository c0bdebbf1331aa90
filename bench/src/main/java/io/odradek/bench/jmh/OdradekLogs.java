package io.odradek.bench.jmh;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.engine.AppendOutcome;
import io.odradek.engine.AppendOutcome.Appended;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.PartitionLog;
import io.odradek.engine.TopicPartition;
import io.odradek.engine.io.DiskFileStore;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.journal.Journal;
import io.odradek.engine.record.BatchCheck;
import io.odradek.engine.record.BatchRules;
import io.odradek.engine.record.BatchVerdict;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.engine.writepath.Shard;
import io.odradek.engine.writepath.ShardObserver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/** A log directory of Odradek's with some partitions in it, led in epoch 0. Nothing is kept in memory for readers. */
final class OdradekLogs implements AutoCloseable {
    static final int EPOCH = 0;
    private static final UUID TOPIC_ID = new UUID(7, 11);
    private static final int BATCHES_A_WRITE = 16;

    final DiskFileStore store = new DiskFileStore();
    final LogDirectory directory;
    final BatchRules rules;
    private final List<PartitionLog> logs = new ArrayList<>();

    /** Opens or creates them. */
    OdradekLogs(Path path, int partitions, LogConfig config) throws IOException {
        directory = openDirectory(store, path);
        rules = BatchRules.of(config);
        Map<TopicPartition, LogConfig> wanted = new LinkedHashMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            wanted.put(new TopicPartition("measured", TOPIC_ID, partition), config);
        }
        Map<TopicPartition, IOException> failures = directory.createAll(wanted);
        for (IOException failure : failures.values()) {
            directory.close();
            throw failure;
        }
        for (TopicPartition partition : wanted.keySet()) {
            PartitionLog log = directory.log(partition).orElseThrow();
            log.beginEpoch(EPOCH);
            logs.add(log);
        }
    }

    static LogDirectory openDirectory(DiskFileStore store, Path path) throws IOException {
        return LogDirectory.open(
                store, path, "benchmark", 1, LogDirectory.Options.defaults().withRecentBytes(0));
    }

    /**
     * With ring, bytes, journal and threads as the broker has them on this machine unless told otherwise; started. The journal is
     * there, as in a broker that had a group for it before.
     */
    Shard startShard(String syncStrategy) throws IOException {
        BrokerConfig broker = BrokerConfig.builtIn(Map.of("odradek.sync.strategy", syncStrategy));
        Journal journal = null;
        if (broker.journalHalfBytes() > 0 && logs.size() > 1) {
            journal = directory.openJournal("measured", Journal.Limits.of(broker.journalHalfBytes()), System::nanoTime);
            journal.prepare();
            journal.start();
        }
        Shard shard = new Shard(
                new Shard.Options(
                        "measured",
                        broker.ringSlots(),
                        broker.ringBytes(),
                        broker.waitStrategy(),
                        broker.shardThreads(Runtime.getRuntime().availableProcessors())),
                directory,
                new GroupSync(
                        store, directory.path(), GroupSync.Strategy.valueOf(syncStrategy.toUpperCase(Locale.ROOT))),
                journal,
                (_, _) -> {},
                InstantSource.system(),
                ShardObserver.NONE);
        shard.start();
        return shard;
    }

    PartitionLog log(int partition) {
        return logs.get(partition);
    }

    /** What the broker does with received bytes. */
    ValidatedBatch checked(ByteBuffer batch, BufferLease lease) {
        return checked(batch, lease, System.currentTimeMillis());
    }

    /** The same for one batch of a request: the broker reads its clock once for all of them. */
    ValidatedBatch checked(ByteBuffer batch, BufferLease lease, long nowMs) {
        return switch (BatchCheck.check(batch, lease, rules, nowMs)) {
            case BatchVerdict.Accepted(ValidatedBatch accepted) -> accepted;
            case BatchVerdict.Refused(var reason, String message, var _) ->
                throw new IllegalStateException("our own batch was refused: " + reason + ", " + message);
        };
    }

    /** Writes {@code count} batches to a log, past the write path; each {@code stepMs} later than the one before. */
    void fill(PartitionLog log, byte[] batch, long count, long fromMs, long stepMs) throws IOException {
        List<ByteBuffer> buffers = new ArrayList<>();
        for (int i = 0; i < BATCHES_A_WRITE; i++) {
            buffers.add(Shape.direct(batch));
        }
        for (long done = 0; done < count; done++) {
            ByteBuffer next = buffers.get((int) (done % BATCHES_A_WRITE));
            Shape.asSentAt(next, fromMs + done * stepMs);
            stage(log, next);
            if (done % BATCHES_A_WRITE == BATCHES_A_WRITE - 1) {
                log.writeStaged();
            }
        }
        log.writeStaged();
    }

    void stage(PartitionLog log, ByteBuffer batch) throws IOException {
        appended(log.stage(checked(batch, BufferLease.UNPOOLED), EPOCH, System.currentTimeMillis()));
    }

    /** A figure for appends that were refused would be worthless. */
    static void appended(AppendOutcome outcome) {
        if (!(outcome instanceof Appended)) {
            throw new IllegalStateException("a batch was not appended: " + outcome);
        }
    }

    /** A clean stop. */
    @Override
    public void close() throws IOException {
        directory.close();
    }
}
