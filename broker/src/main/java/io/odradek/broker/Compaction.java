package io.odradek.broker;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.partition.Partitions;
import io.odradek.engine.LogCleaner;
import io.odradek.engine.compaction.CleaningThrottle;
import io.odradek.engine.compaction.CompactionPass;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that compact logs ({@code log.cleaner.threads}): each takes the log that needs it most, again and again, and rests
 * for {@code log.cleaner.backoff.ms} when none does.
 */
final class Compaction implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Compaction.class);
    private static final long STOP_MS = 30_000;

    private final Partitions partitions;
    private final CleaningThrottle throttle;
    private final LogCleaner cleaner;
    private final long backoffMs;
    private final List<Thread> threads = new ArrayList<>();
    private final CountDownLatch stopping = new CountDownLatch(1);

    Compaction(BrokerConfig config, Partitions partitions, InstantSource clock) {
        this.partitions = partitions;
        this.backoffMs = config.longValue("log.cleaner.backoff.ms");
        this.throttle = new CleaningThrottle(config.doubleValue("log.cleaner.io.max.bytes.per.second"));
        int count = config.flag("log.cleaner.enable") ? config.intValue("log.cleaner.threads") : 0;
        int each = Math.max(1, count);
        this.cleaner = new LogCleaner(
                new CompactionPass.Limits(
                        config.longValue("log.cleaner.dedupe.buffer.size") / each,
                        config.doubleValue("log.cleaner.io.buffer.load.factor"),
                        config.intValue("log.cleaner.io.buffer.size") / each / 2), // one to read, one to write
                throttle,
                clock);
        for (int i = 0; i < count; i++) {
            threads.add(Thread.ofPlatform().name("log-cleaner-" + i).unstarted(this::cleanAgainAndAgain));
        }
    }

    void start() {
        threads.forEach(Thread::start);
    }

    LogCleaner cleaner() {
        return cleaner;
    }

    private void cleanAgainAndAgain() {
        while (!throttle.isStopped()) {
            boolean cleaned = false;
            try {
                cleaned = cleaner.cleanNext(candidates()) != null;
            } catch (RuntimeException | AssertionError e) {
                LOG.error("compaction failed, which it should not; it goes on", e);
            }
            if (!cleaned) {
                rest();
            }
        }
    }

    private List<LogCleaner.Candidate> candidates() {
        List<LogCleaner.Candidate> all = new ArrayList<>();
        partitions.forEach(host -> {
            if (host.log().config().compact()) {
                all.add(new LogCleaner.Candidate(
                        host.directory(),
                        host.log(),
                        host.view().lastStableOffset().offset(),
                        new ShardThread(host)));
            }
        });
        return all;
    }

    private record ShardThread(PartitionHost host) implements LogCleaner.AppendThread {
        @Override
        public <T> CompletableFuture<T> call(Callable<T> work) {
            CompletableFuture<T> done = new CompletableFuture<>();
            host.shard()
                    .run(
                            host.log(),
                            () -> {
                                try {
                                    done.complete(work.call());
                                } catch (Exception | AssertionError e) {
                                    done.completeExceptionally(e); // who asked sets the log aside
                                }
                            },
                            failure -> {
                                if (failure != null) {
                                    done.completeExceptionally(failure);
                                }
                            });
            return host.shard().orDeath(done);
        }
    }

    private void rest() {
        try {
            var _ = stopping.await(backoffMs, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the passes at work, without losing what they have swapped in. */
    @Override
    public void close() {
        throttle.stop();
        stopping.countDown();
        for (Thread thread : threads) {
            try {
                if (thread.isAlive() && !thread.join(Duration.ofMillis(STOP_MS))) {
                    LOG.warn("{} is still busy after {} s; going on without it", thread.getName(), STOP_MS / 1000);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
