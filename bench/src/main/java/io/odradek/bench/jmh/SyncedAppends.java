package io.odradek.bench.jmh;

import io.odradek.engine.AppendOutcome;
import io.odradek.engine.Durability;
import io.odradek.engine.LogConfig;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.writepath.AppendListener;
import io.odradek.engine.writepath.Shard;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.jspecify.annotations.Nullable;

/**
 * Submitters that each send a request, wait until all of it is on disk, and send the next. A request has a batch for each
 * partition that is the submitter's: the partitions are dealt out among them, and with fewer partitions than submitters
 * several share one. So max(submitters, partitions) batches are under way at a time.
 *
 * @param rounds requests of each submitter
 */
record SyncedAppends(int submitters, int partitions, int rounds) {
    private static final int LEAST_ROUNDS = 10;
    private static final int BATCHES = 2_000;
    private static final int FULL_MIB = 256;
    private static final long STUCK_SECONDS = 120;

    /** Below this many processors a broker lends the append thread's turn ({@code odradek.shard.threads=auto}). */
    private static final int PROCESSORS_FOR_SEPARATE_STAGES = 8;

    /** About 2,000 batches, and at least 10 rounds; fewer with less than the full volume. */
    static SyncedAppends of(int submitters, int partitions, int volumeMiB) {
        int underWay = Math.max(submitters, partitions);
        int rounds = Math.max(LEAST_ROUNDS, BATCHES / underWay) * Math.min(volumeMiB, FULL_MIB) / FULL_MIB;
        return new SyncedAppends(submitters, partitions, Math.max(1, rounds));
    }

    Amount perRun(Shape shape) {
        long batches = (long) rounds * Math.max(submitters, partitions);
        return new Amount(batches, "batches", batches * shape.payloadBytes());
    }

    /** Partitions of one submitter. */
    private List<Integer> partitionsOf(int submitter) {
        List<Integer> these = new ArrayList<>();
        for (int i = submitter; i < Math.max(submitters, partitions); i += submitters) {
            these.add(i % partitions);
        }
        return these;
    }

    private interface Submitter {
        void run(List<Integer> partitions, int rounds) throws Exception;
    }

    /** So that what is timed finds files that have grown before: the first sync of a file has its inode to write, too. */
    private void prime(Submitter submitter) throws IOException {
        runAll(submitter, 1);
    }

    private void runAll(Submitter submitter, int rounds) throws IOException {
        List<Future<?>> running = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(submitters)) {
            for (int i = 0; i < submitters; i++) {
                List<Integer> its = partitionsOf(i);
                running.add(threads.submit(() -> {
                    submitter.run(its, rounds);
                    return null;
                }));
            }
            for (Future<?> one : running) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw new IOException("a submitter failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Odradek's shard with its threads, durability {@code sync}. */
    static final class ToOdradek implements AutoCloseable {
        private final SyncedAppends load;
        private final byte[] batch;
        private final Workplace place;
        private final OdradekLogs logs;
        private final Shard shard;

        ToOdradek(SyncedAppends load, byte[] batch, GroupSync.Strategy strategy) throws IOException {
            this.load = load;
            this.batch = batch;
            place = Workplace.create();
            logs = new OdradekLogs(
                    place.path(), load.partitions, LogConfig.defaults().withDurability(new Durability.Sync()));
            int processors = Runtime.getRuntime().availableProcessors();
            shard = new Shard(
                    new Shard.Options(
                            "measured",
                            4096,
                            256 << 20,
                            "auto",
                            processors < PROCESSORS_FOR_SEPARATE_STAGES ? Shard.Threads.LENT : Shard.Threads.SEPARATE),
                    logs.directory,
                    new GroupSync(logs.store, place.path(), strategy),
                    (_, _) -> {},
                    InstantSource.system());
            shard.start();
            load.prime(this::submit);
        }

        void run() throws IOException {
            load.runAll(this::submit, load.rounds);
        }

        private void submit(List<Integer> partitions, int rounds) throws InterruptedException {
            List<ByteBuffer> buffers = new ArrayList<>();
            for (int i = 0; i < partitions.size(); i++) {
                buffers.add(Shape.direct(batch));
            }
            for (int round = 0; round < rounds; round++) {
                Request request = new Request(partitions.size());
                for (int i = 0; i < buffers.size(); i++) {
                    Shape.asSent(buffers.get(i));
                    var checked = logs.checked(buffers.get(i), BufferLease.UNPOOLED);
                    while (!shard.tryWriteUnannounced(
                            logs.log(partitions.get(i)), checked, OdradekLogs.EPOCH, request)) {
                        shard.awaitRoom();
                    }
                }
                shard.announce();
                request.await();
            }
        }

        @Override
        public void close() throws IOException {
            shard.close();
            logs.close();
            place.close();
        }
    }

    private static final class Request implements AppendListener {
        private final CountDownLatch left;
        private volatile @Nullable AppendOutcome refusal;

        Request(int batches) {
            left = new CountDownLatch(batches);
        }

        @Override
        public void onSettled(AppendOutcome outcome) {
            if (!(outcome instanceof AppendOutcome.Appended)) {
                refusal = outcome;
            }
            left.countDown();
        }

        void await() throws InterruptedException {
            if (!left.await(STUCK_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("a request was not answered for " + STUCK_SECONDS + " s");
            }
            AppendOutcome refused = refusal;
            if (refused != null) {
                OdradekLogs.appended(refused);
            }
        }
    }

    /** Kafka's log with {@code flush.messages=1}: each append syncs before it returns. */
    static final class ToKafka implements AutoCloseable {
        private final SyncedAppends load;
        private final byte[] batch;
        private final Workplace place;
        private final KafkaLogs logs;

        ToKafka(SyncedAppends load, byte[] batch) throws IOException {
            this.load = load;
            this.batch = batch;
            place = Workplace.create();
            logs = new KafkaLogs(place.path(), load.partitions, Map.of("flush.messages", 1L));
            load.prime(this::submit);
        }

        void run() throws IOException {
            load.runAll(this::submit, load.rounds);
        }

        private void submit(List<Integer> partitions, int rounds) throws IOException {
            ByteBuffer own = ByteBuffer.wrap(batch.clone());
            for (int round = 0; round < rounds; round++) {
                for (int partition : partitions) {
                    UnifiedLog log = logs.log(partition);
                    KafkaLogs.append(log, own);
                }
            }
        }

        @Override
        public void close() throws IOException {
            logs.close();
            place.close();
        }
    }

    /** As many writes of the same bytes, each followed by its {@code fdatasync}, from one thread. */
    static final class ToRawFiles implements AutoCloseable {
        private final SyncedAppends load;
        private final ByteBuffer batch;
        private final Workplace place;
        private final RawFiles files;

        ToRawFiles(SyncedAppends load, byte[] batch) throws IOException {
            this.load = load;
            this.batch = Shape.direct(batch);
            place = Workplace.create();
            files = new RawFiles(place.path(), load.partitions);
            write(1);
        }

        void run() throws IOException {
            write(load.rounds);
        }

        private void write(int rounds) throws IOException {
            int batches = rounds * Math.max(load.submitters, load.partitions);
            for (int i = 0; i < batches; i++) {
                files.write(i % load.partitions, batch);
                files.sync(i % load.partitions);
            }
        }

        @Override
        public void close() throws IOException {
            files.close();
            place.close();
        }
    }
}
