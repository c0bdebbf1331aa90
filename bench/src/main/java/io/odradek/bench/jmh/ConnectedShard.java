package io.odradek.bench.jmh;

import io.odradek.broker.config.BrokerConfig;
import io.odradek.engine.AppendOutcome;
import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.record.BufferLease;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.engine.writepath.AppendListener;
import io.odradek.engine.writepath.Shard;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Odradek's shard with everything a broker would start on this machine, and in front of it what a
 * broker has for its connections, without the sockets: network loops that check what arrives, hand it over and go on.
 *
 * <pre>
 *  loop: check, tryWriteUnannounced for each batch, announce --> [shard]
 *   ^                                                               |
 *   +------- inbox <-- the request's last batch is on disk ---------+   settle thread
 * </pre>
 *
 * <p>A loop sleeps only when none of its connections has anything to do, and only then is it woken: one wake-up takes in what
 * a whole group has answered.
 */
final class ConnectedShard implements SyncedAppends.Target {
    private static final long STUCK_SECONDS = 120;

    private final SyncedAppends load;
    private final OdradekLogs logs;
    private final Shard shard;
    private final List<Loop> loops = new ArrayList<>();
    private final ExecutorService threads;

    /** @param inFlight requests of a connection that may be under way at once, at least 1 */
    ConnectedShard(SyncedAppends load, Path path, LogConfig config, String strategy, int inFlight) throws IOException {
        this.load = load;
        logs = new OdradekLogs(path, load.partitions(), config);
        shard = logs.startShard(strategy);
        int count = Math.min(BrokerConfig.builtIn(Map.of()).networkThreads(), load.submitters());
        for (int i = 0; i < count; i++) {
            loops.add(new Loop(load.submittersOf(i, count), inFlight));
        }
        threads = SyncedAppends.threads("network-loop-", count);
        shard.onDeath(() -> loops.forEach(loop -> loop.inbox.add(() -> {
            throw new IllegalStateException("the shard has died");
        })));
        run(1);
    }

    LogDirectory directory() {
        return logs.directory;
    }

    @Override
    public void run() throws IOException {
        run(load.rounds());
    }

    private void run(int rounds) throws IOException {
        List<Callable<Void>> parts = new ArrayList<>();
        loops.forEach(loop -> parts.add(() -> loop.serve(rounds)));
        SyncedAppends.together(threads, parts);
    }

    @Override
    public void close() throws IOException {
        shard.close();
        threads.close();
        logs.close();
    }

    /** Its connections belong to the thread that serves. */
    private final class Loop {
        /** Of each connection at most its requests under way, and that there is room. */
        private final LinkedBlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();

        private final List<Connection> connections = new ArrayList<>();
        private int unanswered;

        Loop(List<Integer> submitters, int inFlight) {
            for (int submitter : submitters) {
                connections.add(new Connection(this, load.partitionsOf(submitter), inFlight));
            }
        }

        /** Returns when each connection has sent {@code rounds} requests and all are answered. */
        Void serve(int rounds) throws InterruptedException {
            unanswered = rounds * connections.size();
            connections.forEach(connection -> connection.begin(rounds));
            while (unanswered > 0) {
                Runnable next = inbox.poll(STUCK_SECONDS, TimeUnit.SECONDS);
                if (next == null) {
                    throw new IllegalStateException("no request was answered for " + STUCK_SECONDS + " s");
                }
                next.run();
            }
            return null;
        }
    }

    /** One submitter. On its loop's thread. */
    private final class Connection {
        private final Loop loop;
        private final List<Request> idle = new ArrayList<>();
        /** Received and not handed over in full: not empty while the shard has no room. */
        private final ArrayDeque<Request> stalled = new ArrayDeque<>();

        private int unsent;

        Connection(Loop loop, List<Integer> partitions, int inFlight) {
            this.loop = loop;
            for (int i = 0; i < inFlight; i++) {
                idle.add(new Request(this, partitions));
            }
        }

        void begin(int rounds) {
            unsent = rounds;
            List<Request> all = List.copyOf(idle);
            idle.clear();
            all.forEach(this::sendNext);
        }

        void answered(Request request) {
            loop.unanswered--;
            request.requireAppended();
            sendNext(request);
        }

        private void sendNext(Request request) {
            if (unsent == 0) {
                idle.add(request);
                return;
            }
            unsent--;
            request.reset();
            boolean inOrder = stalled.isEmpty();
            if (!inOrder || !request.handOver()) {
                stalled.add(request);
                if (inOrder) {
                    awaitRoom();
                }
            }
        }

        /** As the broker does: what came after it waits behind it. */
        private void awaitRoom() {
            shard.onRoom(() -> loop.inbox.add(this::retry));
        }

        private void retry() {
            for (Request first = stalled.peek(); first != null; first = stalled.peek()) {
                if (!first.handOver()) {
                    awaitRoom();
                    return;
                }
                stalled.remove();
            }
        }
    }

    /** A batch for each of its connection's partitions, sent again and again. */
    private final class Request implements AppendListener {
        private final Connection connection;
        private final List<Integer> partitions;
        private final List<ByteBuffer> batches = new ArrayList<>();
        /** Of the loop. */
        private int handedOver;
        /** Checked, and refused for want of room. Of the loop. */
        private @Nullable ValidatedBatch waiting;
        // Whose thread settles has these two from the first batch's hand-over to the last one's answer; ring and inbox
        // order them.
        private int unsettled;
        private @Nullable AppendOutcome refusal;

        Request(Connection connection, List<Integer> partitions) {
            this.connection = connection;
            this.partitions = partitions;
            byte[] batch = load.shape().batch();
            partitions.forEach(_ -> batches.add(Shape.direct(batch)));
        }

        void reset() {
            handedOver = 0;
            unsettled = batches.size();
        }

        /** Returns false when the shard became full: what is left has to wait for room. */
        boolean handOver() {
            while (handedOver < batches.size()) {
                ValidatedBatch batch = waiting == null ? checked(batches.get(handedOver)) : waiting;
                int partition = partitions.get(handedOver);
                if (!shard.tryWriteUnannounced(logs.log(partition), batch, OdradekLogs.EPOCH, this)) {
                    waiting = batch;
                    return false; // who refuses has announced
                }
                waiting = null;
                handedOver++;
            }
            shard.announce();
            return true;
        }

        private ValidatedBatch checked(ByteBuffer batch) {
            Shape.asSent(batch);
            return logs.checked(batch, BufferLease.UNPOOLED);
        }

        @Override
        public void onSettled(AppendOutcome outcome) {
            if (!(outcome instanceof AppendOutcome.Appended)) {
                refusal = outcome;
            }
            if (--unsettled == 0) {
                connection.loop.inbox.add(this::answer);
            }
        }

        private void answer() {
            connection.answered(this);
        }

        /** A run with a refused batch measures nothing. */
        void requireAppended() {
            AppendOutcome refused = refusal;
            if (refused != null) {
                OdradekLogs.appended(refused);
            }
        }
    }
}
