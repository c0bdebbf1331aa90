package io.odradek.broker.observe;

import io.odradek.broker.observe.Metrics.Family;
import io.odradek.broker.observe.Metrics.Source;
import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.Quantile;
import io.prometheus.metrics.model.snapshots.Quantiles;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers {@code GET /metrics} in Prometheus' formats. Everything of the exporter is loaded when it is started, on a
 * thread of its own: a broker without the endpoint pays nothing, one with it does not start later for it.
 */
public final class PrometheusEndpoint implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PrometheusEndpoint.class);
    private static final double[] QUANTILES = {0.5, 0.75, 0.95, 0.99, 0.999};

    private final CompletableFuture<HTTPServer> server;

    private PrometheusEndpoint(CompletableFuture<HTTPServer> server) {
        this.server = server;
    }

    /**
     * Starts in the background. A port that can't be had is logged; the broker serves on without metrics.
     *
     * @param host empty for all addresses
     * @param port 0 for any free one
     */
    public static PrometheusEndpoint start(Metrics metrics, String host, int port) {
        CompletableFuture<HTTPServer> server = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("odradek-metrics-start").start(() -> {
            try {
                server.complete(open(metrics, host, port));
            } catch (IOException | RuntimeException | Error failure) {
                LOG.error("no metrics: {}:{} can't be had: {}", host, port, failure.toString());
                server.completeExceptionally(failure);
            }
        });
        return new PrometheusEndpoint(server);
    }

    private static HTTPServer open(Metrics metrics, String host, int port) throws IOException {
        PrometheusRegistry registry = new PrometheusRegistry();
        registry.register((MultiCollector) () -> snapshots(metrics, System.nanoTime()));
        HTTPServer.Builder builder = HTTPServer.builder().port(port).registry(registry);
        if (!host.isEmpty()) {
            builder.hostname(host);
        }
        return builder.buildAndStart();
    }

    /**
     * The port it listens on; waits until it does.
     *
     * @throws CompletionException it could not start
     */
    public int port() {
        return server.join().getPort();
    }

    @Override
    public void close() {
        var _ = server.thenAccept(HTTPServer::close);
    }

    static MetricSnapshots snapshots(Metrics metrics, long nowNanos) {
        List<MetricSnapshot> snapshots = new ArrayList<>();
        for (Family family : metrics.read()) {
            snapshots.add(snapshot(family, nowNanos));
        }
        return new MetricSnapshots(snapshots);
    }

    private static MetricSnapshot snapshot(Family family, long nowNanos) {
        return switch (family.kind) {
            case COUNTER -> counters(family);
            case GAUGE -> gauges(family);
            case SUMMARY -> summaries(family, nowNanos);
        };
    }

    private static MetricSnapshot counters(Family family) {
        CounterSnapshot.Builder builder = CounterSnapshot.builder()
                .name(family.name.substring(0, family.name.length() - "_total".length()))
                .help(family.help);
        values(family)
                .forEach((labels, value) -> builder.dataPoint(CounterDataPointSnapshot.builder()
                        .labels(labels(labels))
                        .value(Math.max(0, value))
                        .build()));
        return builder.build();
    }

    private static MetricSnapshot gauges(Family family) {
        GaugeSnapshot.Builder builder =
                GaugeSnapshot.builder().name(family.name).help(family.help);
        values(family)
                .forEach((labels, value) -> builder.dataPoint(GaugeDataPointSnapshot.builder()
                        .labels(labels(labels))
                        .value(value)
                        .build()));
        return builder.build();
    }

    /** By labels: what is listed may come twice when it is replaced meanwhile, which the exporter would not take. */
    private static Map<List<String>, Double> values(Family family) {
        Map<List<String>, Double> values = new LinkedHashMap<>();
        family.sources.forEach((labels, source) -> {
            double value = switch (source) {
                case Source.Count(var count) -> (double) count.getAsLong();
                case Source.Level(var level) -> level.getAsDouble();
                case Source.Distribution _ -> Double.NaN;
            };
            if (!Double.isNaN(value)) {
                values.put(labels, value);
            }
        });
        for (Metrics.Listing listing : family.listings) {
            listing.list((value, labels) -> {
                if (!Double.isNaN(value)) {
                    values.putIfAbsent(List.of(labels), value);
                }
            });
        }
        return values;
    }

    private static MetricSnapshot summaries(Family family, long nowNanos) {
        SummarySnapshot.Builder builder =
                SummarySnapshot.builder().name(family.name).help(family.help);
        for (Map.Entry<List<String>, Source> entry : family.sources.entrySet()) {
            if (entry.getValue() instanceof Source.Distribution(var histogram, double unit)) {
                Histogram.Snapshot seen = histogram.snapshot(nowNanos, QUANTILES);
                Quantiles.Builder quantiles = Quantiles.builder();
                for (int i = 0; i < QUANTILES.length; i++) {
                    quantiles.quantile(
                            new Quantile(QUANTILES[i], seen.quantiles().get(i) / unit));
                }
                builder.dataPoint(SummaryDataPointSnapshot.builder()
                        .labels(labels(entry.getKey()))
                        .count(seen.count())
                        .sum((double) seen.sum() / unit)
                        .quantiles(quantiles.build())
                        .build());
            }
        }
        return builder.build();
    }

    private static Labels labels(List<String> namesAndValues) {
        return Labels.of(namesAndValues.toArray(String[]::new));
    }
}
