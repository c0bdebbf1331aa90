package io.odradek.broker.observe;

import io.odradek.broker.net.KafkaServer;
import io.odradek.broker.net.NetworkObserver;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntFunction;
import org.apache.kafka.common.protocol.ApiKeys;

/** Kafka's {@code RequestMetrics} and {@code SocketServer} metrics, counted where requests pass. */
public final class NetworkMetrics implements NetworkObserver {

    private static final String REQUESTS = "kafka_network_requestmetrics_";

    private static final int KEYS = highestId() + 1;
    /** More than any API has. */
    private static final int VERSIONS = 64;

    private final Metrics metrics;
    private final AtomicReferenceArray<LongAdder> requests = new AtomicReferenceArray<>(KEYS * VERSIONS);
    private final AtomicReferenceArray<LongAdder> requestBytes = new AtomicReferenceArray<>(KEYS);
    private final AtomicReferenceArray<LongAdder> responseBytes = new AtomicReferenceArray<>(KEYS);
    private final AtomicReferenceArray<LongAdder> failures = new AtomicReferenceArray<>(KEYS);
    private final AtomicReferenceArray<Histogram> handled = new AtomicReferenceArray<>(KEYS);
    private final AtomicReferenceArray<Histogram> total = new AtomicReferenceArray<>(KEYS);
    private final LongAdder muted = new LongAdder();

    public NetworkMetrics(Metrics metrics) {
        this.metrics = metrics;
    }

    private static int highestId() {
        int highest = 0;
        for (ApiKeys api : ApiKeys.values()) {
            highest = Math.max(highest, api.id);
        }
        return highest;
    }

    /** Registers what the server itself knows: connections and the memory of received bytes. */
    public void watch(KafkaServer server) {
        metrics.gauge("kafka_server_socketservermetrics_connection_count", "Open connections", () ->
                (double) server.connections());
        BrokerMetrics.memory(metrics, "receive", server::receiveMemoryBytes);
        BrokerMetrics.memory(metrics, "network_buffers", server::pooledBytes);
        metrics.gauge(
                "odradek_network_connections_waiting_for_memory",
                "Connections that are not read because received bytes take all the memory they may",
                () -> (double) server.connectionsWaitingForMemory());
        metrics.gauge(
                "odradek_network_connections_muted",
                "Connections that are not read because their clients are over a quota",
                () -> (double) muted.sum());
    }

    @Override
    public void connectionOpened(String listener) {
        created(listener).increment();
        // There from the first connection on: who watches a rate wants to see it begin.
        closed(listener);
        refused(listener);
        mutes(listener);
    }

    @Override
    public void connectionClosed(String listener) {
        closed(listener).increment();
    }

    @Override
    public void clientRefused(String listener) {
        refused(listener).increment();
    }

    private LongAdder created(String listener) {
        return ofListener(
                "kafka_server_socketservermetrics_connection_creation_total", "Connections accepted", listener);
    }

    private LongAdder closed(String listener) {
        return ofListener("kafka_server_socketservermetrics_connection_close_total", "Connections closed", listener);
    }

    private LongAdder refused(String listener) {
        return ofListener(
                "odradek_clients_refused_total",
                "Connections closed for what they sent, or for being too many",
                listener);
    }

    private LongAdder ofListener(String name, String help, String listener) {
        return metrics.counter(name, help, "listener", listener.toLowerCase(Locale.ROOT));
    }

    @Override
    public void connectionMuted(String listener) {
        mutes(listener).increment();
        muted.increment();
    }

    @Override
    public void connectionUnmuted(String listener) {
        muted.decrement();
    }

    private LongAdder mutes(String listener) {
        return ofListener(
                "odradek_network_mutes_total",
                "Times a connection was no longer read because its client was over a quota",
                listener);
    }

    @Override
    public void received(ApiKeys api, short version, int sizeBytes) {
        int clamped = Math.clamp(version, 0, VERSIONS - 1);
        get(requests, api.id * VERSIONS + clamped, absent -> firstRequest(api, clamped))
                .increment();
        get(
                        requestBytes,
                        api.id,
                        absent -> metrics.counter(
                                REQUESTS + "requestbytes_total", "Bytes of requests", "request", api.name))
                .add(sizeBytes);
    }

    private LongAdder firstRequest(ApiKeys api, int version) {
        failures(api); // there from the first request on
        return metrics.counter(
                REQUESTS + "requests_total",
                "Requests received",
                "request",
                api.name,
                "version",
                Integer.toString(version));
    }

    @Override
    public void answered(ApiKeys api, short version, long sizeBytes, long handledNanos, long totalNanos) {
        get(
                        responseBytes,
                        api.id,
                        absent -> metrics.counter(
                                REQUESTS + "responsebytes_total", "Bytes of responses", "request", api.name))
                .add(sizeBytes);
        get(
                        handled,
                        api.id,
                        absent -> metrics.latency(
                                REQUESTS + "localtimems", "Time on the network loop", "request", api.name))
                .record(handledNanos);
        get(
                        total,
                        api.id,
                        absent -> metrics.latency(
                                REQUESTS + "totaltimems", "Time from receiving to answering", "request", api.name))
                .record(totalNanos);
    }

    @Override
    public void handlerFailed(ApiKeys api, short version) {
        failures(api).increment();
    }

    private LongAdder failures(ApiKeys api) {
        return get(
                failures,
                api.id,
                absent -> metrics.counter(
                        REQUESTS + "errors_total",
                        "Requests on which the broker itself failed",
                        "request",
                        api.name,
                        "error",
                        "UNKNOWN_SERVER_ERROR"));
    }

    /** Made when first needed: most API keys are never seen. Making it twice yields the same one. */
    private static <T> T get(AtomicReferenceArray<T> handles, int index, IntFunction<T> make) {
        T handle = handles.getPlain(index);
        if (handle == null) {
            handle = make.apply(index);
            handles.setRelease(index, handle);
        }
        return handle;
    }
}
