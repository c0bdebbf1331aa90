package io.odradek.bench.jmh;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Submitters that send requests whose batches are to be on disk before they are answered. A request has a batch for each
 * partition that is the submitter's: the partitions are dealt out among them, and with fewer partitions than submitters
 * several share one. So max(submitters, partitions) batches make a round.
 *
 * <p>A submitter is a connection to a broker. What serves it is what each broker has for it: of Odradek, network loops that
 * never wait for a disk ({@link ConnectedShard}); of Kafka, request handlers that do ({@link KafkasHandlers}). An OS thread
 * for each submitter, which sleeps until its request is answered, would measure how fast a machine with few processors changes
 * threads.
 *
 * @param rounds requests of each submitter in one run
 */
record SyncedAppends(Shape shape, int submitters, int partitions, int rounds) {
    private static final int LEAST_ROUNDS = 10;
    private static final int FULL_MIB = 256;

    /** Of who waits for the disk in each append: seconds. */
    private static final int PEERS_BATCHES = 20_000;

    /** Of ours, for which 20,000 batches to many partitions are a tenth of a second. */
    private static final int OUR_ROUNDS = 2_500;

    private static final int OUR_BATCHES = 400_000;

    /**
     * About a second or more for each system, so that the JVM has compiled what it runs for most of the time, and a system that looks
     * for its way has found it: of the peers 20,000 batches; of ours 2,500 rounds, and at most 400,000 batches. At most 256 MiB, and at
     * least 10 rounds. Less of each with less than the full volume.
     */
    static SyncedAppends of(Params params) {
        Shape shape = params.shape();
        int submitters = params.number("submitters", 1);
        int partitions = params.number("partitions", 1);
        int volumeMiB = Math.min(params.number("volumeMiB"), FULL_MIB);
        int batchesOfARound = Math.max(submitters, partitions);
        int most = params.areOurs() ? Math.min(OUR_BATCHES, OUR_ROUNDS * batchesOfARound) : PEERS_BATCHES;
        int batches = (int) Math.min(most, ((long) FULL_MIB << 20) / shape.payloadBytes());
        int rounds = Math.max(LEAST_ROUNDS, batches / batchesOfARound) * volumeMiB / FULL_MIB;
        return new SyncedAppends(shape, submitters, partitions, Math.max(1, rounds));
    }

    static Amount perRun(Params params) {
        SyncedAppends load = of(params);
        long batches = (long) load.rounds * load.batchesOfARound();
        return new Amount(batches, "batches", batches * load.shape.payloadBytes());
    }

    private int batchesOfARound() {
        return Math.max(submitters, partitions);
    }

    /** Partitions of one submitter. */
    List<Integer> partitionsOf(int submitter) {
        List<Integer> these = new ArrayList<>();
        for (int i = submitter; i < batchesOfARound(); i += submitters) {
            these.add(i % partitions);
        }
        return these;
    }

    /** The submitters that one of {@code servers} threads serves, as near to the same number each as can be. */
    List<Integer> submittersOf(int server, int servers) {
        List<Integer> these = new ArrayList<>();
        for (int submitter = server; submitter < submitters; submitter += servers) {
            these.add(submitter);
        }
        return these;
    }

    /**
     * Somebody who takes the appends. When it is made it has had one round already: the first sync of a file has its inode to
     * write, too, and what is timed should find files that have grown before.
     */
    interface Target extends AutoCloseable {
        /** All rounds; returns when the last request is answered. */
        void run() throws IOException;

        @Override
        void close() throws IOException;
    }

    /** They are there before a run begins, as in a broker, and keep no JVM from ending when a run fails. */
    static ExecutorService threads(String name, int count) {
        return Executors.newFixedThreadPool(
                count, Thread.ofPlatform().name(name, 0).daemon().factory());
    }

    /** Has each thread of a pool do its part. */
    static void together(ExecutorService threads, List<Callable<Void>> parts) throws IOException {
        List<Future<Void>> running = new ArrayList<>();
        parts.forEach(part -> running.add(threads.submit(part)));
        try {
            for (Future<Void> one : running) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw new IOException("a submitter failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /**
     * Kafka's log. Whatever an append has to wait for, the request handler that called it waits for. The handlers are as many as its
     * broker has unless told otherwise, and take their submitters' requests in turn.
     */
    static final class KafkasHandlers implements Target {
        /** Default of {@code num.io.threads}. */
        private static final int MOST_HANDLERS = 8;

        private final SyncedAppends load;
        private final KafkaLogs logs;
        private final int handlers;
        /** One for each handler: an append writes offsets into it. */
        private final List<ByteBuffer> batches = new ArrayList<>();

        private final ExecutorService threads;

        KafkasHandlers(SyncedAppends load, Path path, Map<String, Object> config) throws IOException {
            this.load = load;
            logs = new KafkaLogs(path, load.partitions, config);
            handlers = Math.min(MOST_HANDLERS, load.submitters);
            for (int i = 0; i < handlers; i++) {
                batches.add(ByteBuffer.wrap(load.shape.batch()));
            }
            threads = threads("request-handler-", handlers);
            run(1);
        }

        KafkaLogs logs() {
            return logs;
        }

        @Override
        public void run() throws IOException {
            run(load.rounds);
        }

        private void run(int rounds) throws IOException {
            List<Callable<Void>> parts = new ArrayList<>();
            for (int i = 0; i < handlers; i++) {
                List<Integer> served = load.submittersOf(i, handlers);
                ByteBuffer batch = batches.get(i);
                parts.add(() -> handle(served, batch, rounds));
            }
            together(threads, parts);
        }

        private Void handle(List<Integer> served, ByteBuffer batch, int rounds) throws IOException {
            List<List<Integer>> requests =
                    served.stream().map(load::partitionsOf).toList();
            for (int round = 0; round < rounds; round++) {
                for (List<Integer> request : requests) {
                    for (int partition : request) {
                        KafkaLogs.append(logs.log(partition), batch);
                    }
                }
            }
            return null;
        }

        @Override
        public void close() throws IOException {
            threads.close();
            logs.close();
        }
    }

    /** As many writes of the same bytes, each followed by its {@code fdatasync}, from one thread. */
    static final class RawWrites implements Target {
        private final SyncedAppends load;
        private final ByteBuffer batch;
        private final RawFiles files;

        RawWrites(SyncedAppends load, Path path) throws IOException {
            this.load = load;
            batch = Shape.direct(load.shape.batch());
            files = new RawFiles(path, load.partitions);
            write(1);
        }

        @Override
        public void run() throws IOException {
            write(load.rounds);
        }

        private void write(int rounds) throws IOException {
            int batches = rounds * load.batchesOfARound();
            for (int i = 0; i < batches; i++) {
                files.write(i % load.partitions, batch);
                files.sync(i % load.partitions);
            }
        }

        @Override
        public void close() throws IOException {
            files.close();
        }
    }
}
