package io.odradek.broker.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.protocol.ApiKeys;
import org.junit.jupiter.api.Test;

class PrometheusEndpointTest {

    private final Metrics metrics = new Metrics();

    private String scrape() throws Exception {
        try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(metrics, "127.0.0.1", 0);
                HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + endpoint.port() + "/metrics"))
                    .build();
            HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).isEqualTo(200);
            return response.body();
        }
    }

    @Test
    void kafkasMetricsHaveTheNamesThatDashboardsKnow() throws Exception {
        metrics.counters("kafka_server_brokertopicmetrics_bytesin_total", "Bytes", rows -> {
            rows.add(1000);
            rows.add(700, "topic", "orders");
        });
        NetworkMetrics network = new NetworkMetrics(metrics);
        network.received(ApiKeys.PRODUCE, (short) 9, 5000);
        network.answered(
                ApiKeys.PRODUCE, (short) 9, 50, TimeUnit.MILLISECONDS.toNanos(1), TimeUnit.MILLISECONDS.toNanos(8));
        network.connectionOpened("PLAINTEXT");
        metrics.gauge("odradek_ring_occupancy", "Entries in the ring", () -> 12, "shard", "0");
        assertThat(scrape().lines())
                .contains(
                        "kafka_server_brokertopicmetrics_bytesin_total 1000.0",
                        "kafka_server_brokertopicmetrics_bytesin_total{topic=\"orders\"} 700.0",
                        "kafka_network_requestmetrics_requests_total{request=\"Produce\",version=\"9\"} 1.0",
                        "kafka_network_requestmetrics_requestbytes_total{request=\"Produce\"} 5000.0",
                        "kafka_network_requestmetrics_totaltimems_count{request=\"Produce\"} 1",
                        "kafka_network_requestmetrics_totaltimems_sum{request=\"Produce\"} 8.0",
                        "kafka_server_socketservermetrics_connection_creation_total{listener=\"plaintext\"} 1.0",
                        "odradek_ring_occupancy{shard=\"0\"} 12.0")
                .anyMatch(line -> line.startsWith(
                        "kafka_network_requestmetrics_totaltimems{request=\"Produce\",quantile=\"0.99\"} "));
    }

    @Test
    void whatComesAndGoesIsListedAnewAtEachReading() throws Exception {
        List<String> topics = new CopyOnWriteArrayList<>(List.of("gone", "kept"));
        metrics.gauges("a", "", rows -> topics.forEach(topic -> rows.add(1, "topic", topic)));
        assertThat(scrape()).contains("topic=\"kept\"").contains("topic=\"gone\"");
        topics.remove("gone");
        assertThat(scrape()).contains("topic=\"kept\"").doesNotContain("topic=\"gone\"");
    }

    @Test
    void aThingListedTwiceIsToldOnce() throws Exception {
        metrics.gauges("a", "", rows -> {
            rows.add(1, "topic", "replaced");
            rows.add(2, "topic", "replaced");
            rows.add(Double.NaN, "topic", "unknown");
        });
        assertThat(scrape().lines().filter(line -> line.startsWith("a{"))).containsExactly("a{topic=\"replaced\"} 1.0");
    }

    @Test
    void oneQuestionIsAskedForAllThatItAnswers() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        metrics.beforeReading(asked::incrementAndGet);
        metrics.gauge("a", "", asked::get);
        metrics.gauge("b", "", asked::get);
        assertThat(scrape().lines()).contains("a 1.0", "b 1.0");
    }

    @Test
    void theSameNameAndLabelsAreTheSameHandle() {
        assertThat(metrics.counter("a_total", "", "x", "1")).isSameAs(metrics.counter("a_total", "", "x", "1"));
        assertThat(metrics.latency("b", "", "x", "1")).isSameAs(metrics.latency("b", "", "x", "1"));
        assertThat(metrics.counter("a_total", "", "x", "1")).isNotSameAs(metrics.counter("a_total", "", "x", "2"));
    }

    @Test
    void unlawfulMetricsAreRefusedWhenTheyAreRegistered() {
        assertThatThrownBy(() -> metrics.counter("a", "")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> metrics.gauge("a_total", "", () -> 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> metrics.counter("a_total", "", "label")).isInstanceOf(IllegalArgumentException.class);
        metrics.latency("a", "");
        assertThatThrownBy(() -> metrics.gauge("a", "", () -> 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aTakenPortCostsTheMetricsNotTheBroker() {
        try (PrometheusEndpoint first = PrometheusEndpoint.start(metrics, "127.0.0.1", 0);
                PrometheusEndpoint second = PrometheusEndpoint.start(metrics, "127.0.0.1", first.port())) {
            assertThatThrownBy(second::port).isInstanceOf(CompletionException.class);
        }
    }
}
