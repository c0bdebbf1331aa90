package io.odradek.broker.quota;

import io.odradek.broker.net.ClientThrottle;
import io.odradek.broker.net.Request;
import io.odradek.broker.observe.Metrics;
import io.odradek.broker.quota.ClientBounds.Bound;
import io.odradek.replication.controller.ClusterImage;
import java.net.InetAddress;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.requests.FetchRequest;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.jspecify.annotations.Nullable;

/**
 * The quotas of the cluster's metadata, and what clients have used of them on this node. Each node counts for itself, as in Kafka: a client of
 * three brokers may have three times its quota. Nobody proves here who it is, so every client is the user {@code ANONYMOUS}.
 *
 * <p>Any thread. Without quotas a request costs a volatile read; with some, those that have a bound meet in their client's usage.
 *
 * <p>What other brokers ask for is never counted: fetches of followers. A client that says it is a follower gets nothing but what it could read
 * otherwise, and is not counted either; Kafka without authorization does the same.
 */
public final class ClientQuotas implements ClientThrottle, FetchQuota {

    private static final String USER = KafkaPrincipal.ANONYMOUS.getName();

    /** {@code request_percentage} and connections: a wait is a sample long at most, as in Kafka (KIP-124, 612). */
    private static final long LONGEST_SHORT_WAIT_MS = RateWindow.SAMPLE_MS;

    /** Nobody's. */
    private static final InetAddress ALL_ADDRESSES = InetAddress.ofLiteral("0.0.0.0");

    private final LongSupplier nowMs;
    private final Usages<Share, RateWindow> produced = new Usages<>(RateWindow::new);
    private final Usages<Share, RateWindow> fetched = new Usages<>(RateWindow::new);
    private final Usages<Share, RateWindow> requested = new Usages<>(RateWindow::new);
    private final Usages<Share, TokenBucket> mutated = new Usages<>(TokenBucket::new);
    private final Usages<InetAddress, RateWindow> connected = new Usages<>(RateWindow::new);
    private final Map<QuotaKind, LongAdder> throttles = new EnumMap<>(QuotaKind.class);

    private volatile QuotaTable table = QuotaTable.NONE;

    /** @param nowMs of a clock that is never set */
    public ClientQuotas(LongSupplier nowMs) {
        this.nowMs = nowMs;
        for (QuotaKind kind : QuotaKind.values()) {
            throttles.put(kind, new LongAdder());
        }
    }

    /** From now on these hold. What was used stays counted. */
    public void follow(ClusterImage image) {
        table = QuotaTable.of(image.quotas());
    }

    /** Registers how many are throttled, and how many are told apart. */
    public void register(Metrics metrics) {
        throttles.forEach((kind, count) -> metrics.counter(
                "odradek_quota_throttles_total",
                "Requests, or connections, that were over a quota, by its key",
                count::sum,
                "quota",
                kind.key()));
        clients(metrics, QuotaKind.PRODUCER, produced);
        clients(metrics, QuotaKind.CONSUMER, fetched);
        clients(metrics, QuotaKind.REQUEST, requested);
        clients(metrics, QuotaKind.MUTATIONS, mutated);
        clients(metrics, QuotaKind.CONNECTIONS, connected);
    }

    private static void clients(Metrics metrics, QuotaKind kind, Usages<?, ?> usages) {
        metrics.gauge(
                "odradek_quota_clients",
                "Clients, users or addresses whose use of a quota is remembered, by its key",
                usages::size,
                "quota",
                kind.key());
    }

    @Override
    public int received(Request request, int sizeBytes) {
        QuotaTable now = table;
        if (now.producer().isEmpty() || request.api() != ApiKeys.PRODUCE) {
            return 0;
        }
        Bound bound = bound(now.producer(), request.clientId());
        if (bound == null) {
            return 0;
        }
        long atMs = nowMs.getAsLong();
        return throttled(QuotaKind.PRODUCER, produced.use(bound.share(), bound.crowd(), atMs, usage -> {
            usage.record(sizeBytes, atMs);
            return usage.throttleMs(bound.perSecond(), atMs);
        }));
    }

    @Override
    public boolean isTimed(Request request) {
        return !table.request().isEmpty()
                && !(request.body() instanceof FetchRequestData fetch && FetchRequest.replicaId(fetch) >= 0);
    }

    @Override
    public int worked(@Nullable String clientId, long nanos) {
        Bound bound = bound(table.request(), clientId);
        if (bound == null) {
            return 0;
        }
        long atMs = nowMs.getAsLong();
        double percentSeconds = nanos * 100.0 / 1e9;
        long waitMs = requested.use(bound.share(), bound.crowd(), atMs, usage -> {
            usage.record(percentSeconds, atMs);
            return usage.throttleMs(bound.perSecond(), atMs);
        });
        return throttled(QuotaKind.REQUEST, Math.min(waitMs, LONGEST_SHORT_WAIT_MS));
    }

    @Override
    public int connected(InetAddress client) {
        Double perSecond = table.connectionsFrom(client);
        if (perSecond == null) {
            return 0;
        }
        long atMs = nowMs.getAsLong();
        long waitMs = connected.use(client, ALL_ADDRESSES, atMs, usage -> {
            usage.record(1, atMs);
            long excessMs = usage.throttleMs(perSecond, atMs);
            if (excessMs > 0) {
                usage.record(-1, atMs); // it is not let in
            }
            return excessMs;
        });
        return throttled(QuotaKind.CONNECTIONS, Math.min(waitMs, LONGEST_SHORT_WAIT_MS));
    }

    @Override
    public long mostBytes(@Nullable String clientId) {
        Bound bound = bound(table.consumer(), clientId);
        return bound == null ? Long.MAX_VALUE : allowance(bound);
    }

    /** What may pass at once after a quiet time. */
    private static long allowance(Bound bound) {
        return (long) (bound.perSecond() * RateWindow.LEAST_ELAPSED_MS / 1000);
    }

    /**
     * As Kafka, but for what is larger than may ever pass in a window, a single large batch (KIP-74): Kafka withholds it for ever. Here it
     * is sent when what was fetched before is within the bound, and waited for afterwards.
     */
    @Override
    public Verdict fetched(@Nullable String clientId, long bytes) {
        Bound bound = bytes == 0 ? null : bound(table.consumer(), clientId);
        if (bound == null) {
            return Verdict.SEND;
        }
        long atMs = nowMs.getAsLong();
        boolean neverFits = bytes > allowance(bound);
        boolean[] sent = new boolean[1];
        long waitMs = fetched.use(bound.share(), bound.crowd(), atMs, usage -> {
            boolean wasWithin = usage.throttleMs(bound.perSecond(), atMs) == 0;
            usage.record((double) bytes, atMs);
            long excessMs = usage.throttleMs(bound.perSecond(), atMs);
            sent[0] = excessMs == 0 || (neverFits && wasWithin);
            if (!sent[0]) {
                usage.record((double) -bytes, atMs);
            }
            return excessMs;
        });
        return new Verdict(throttled(QuotaKind.CONSUMER, waitMs), !sent[0]);
    }

    /** @param isStrict the client knows what THROTTLING_QUOTA_EXCEEDED is; others are only made to wait afterwards */
    public MutationQuota mutations(@Nullable String clientId, boolean isStrict) {
        Bound bound = bound(table.mutations(), clientId);
        return bound == null ? MutationQuota.NONE : new Mutations(bound, isStrict);
    }

    private final class Mutations implements MutationQuota {
        private final Bound bound;
        private final boolean isStrict;
        private long waitMs;

        Mutations(Bound bound, boolean isStrict) {
            this.bound = bound;
            this.isStrict = isStrict;
        }

        @Override
        public boolean admits(int partitions) {
            long atMs = nowMs.getAsLong();
            boolean[] admitted = new boolean[1];
            waitMs = mutated.use(bound.share(), bound.crowd(), atMs, bucket -> {
                long owedMs = bucket.waitMs(bound.perSecond(), atMs);
                admitted[0] = !isStrict || owedMs == 0;
                if (!admitted[0]) {
                    return owedMs;
                }
                bucket.take(partitions, bound.perSecond(), atMs);
                // Strict, the next one is told when it comes, as by Kafka.
                return isStrict ? 0 : bucket.waitMs(bound.perSecond(), atMs);
            });
            throttled(QuotaKind.MUTATIONS, waitMs);
            return admitted[0];
        }

        @Override
        public void giveBack(int partitions) {
            long atMs = nowMs.getAsLong();
            mutated.use(bound.share(), bound.crowd(), atMs, bucket -> {
                bucket.take(-partitions, bound.perSecond(), atMs);
                return 0;
            });
        }

        @Override
        public int throttleMs() {
            return clamped(waitMs);
        }
    }

    private static @Nullable Bound bound(ClientBounds bounds, @Nullable String clientId) {
        return bounds.of(USER, clientId == null ? "" : clientId);
    }

    private int throttled(QuotaKind kind, long waitMs) {
        if (waitMs > 0) {
            Objects.requireNonNull(throttles.get(kind)).increment();
        }
        return clamped(waitMs);
    }

    /** The protocol's field has 32 bits: 24 days. */
    private static int clamped(long waitMs) {
        return (int) Math.min(waitMs, Integer.MAX_VALUE);
    }
}
