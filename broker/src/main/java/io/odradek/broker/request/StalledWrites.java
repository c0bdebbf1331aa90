package io.odradek.broker.request;

import io.odradek.broker.net.Connection;
import java.util.ArrayDeque;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Batches that found their shard full, per connection and in order. The connection is not read meanwhile, so at most what was
 * already received waits here. Each queue is confined to its connection's network loop.
 */
final class StalledWrites {
    private final ConcurrentHashMap<Connection, Queue> queues = new ConcurrentHashMap<>();

    /** Hands the batch to its shard, now or when there is room, after all earlier ones of the connection. Network loop. */
    void write(Connection connection, ProducedBatch batch) {
        Queue queue = queues.isEmpty() ? null : queues.get(connection);
        if (queue != null) {
            queue.batches.add(batch);
        } else if (!batch.tryWrite()) {
            queue = new Queue(connection);
            queue.batches.add(batch);
            queues.put(connection, queue);
            connection.stopReading();
            queue.awaitRoom(batch);
        }
    }

    /** Connections that wait for room. Any thread. */
    int connections() {
        return queues.size();
    }

    private final class Queue {
        private final Connection connection;
        private final ArrayDeque<ProducedBatch> batches = new ArrayDeque<>();

        Queue(Connection connection) {
            this.connection = connection;
        }

        void awaitRoom(ProducedBatch first) {
            first.host().shard().onRoom(() -> connection.execute(this::retry));
        }

        /** Even for a closed connection: what was received is written, as it would have been with room. */
        private void retry() {
            @Nullable ProducedBatch first;
            while ((first = batches.peek()) != null) {
                if (!first.tryWrite()) {
                    awaitRoom(first);
                    return;
                }
                first.produce().announce();
                batches.remove();
            }
            queues.remove(connection, this);
            connection.resumeReading();
        }
    }
}
