package io.odradek.broker.observe;

import io.odradek.broker.coordination.CoordinatorHost;
import io.odradek.coordinator.group.GroupCounts;
import io.odradek.coordinator.group.GroupState;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Kafka's {@code GroupMetadataManager} metrics. One question to the coordinator's threads for each reading; its answer stands
 * for all of them.
 */
final class GroupMetrics {
    private static final String PREFIX = "kafka_coordinator_group_groupmetadatamanager_num";
    /** A coordinator that is busy for so long leaves the reader with what it had; a stopped one does not answer at all. */
    private static final long PATIENCE_MS = 500;

    private final CoordinatorHost coordinator;
    private volatile GroupCounts counts = GroupCounts.NONE;

    private GroupMetrics(CoordinatorHost coordinator) {
        this.coordinator = coordinator;
    }

    static void register(Metrics metrics, CoordinatorHost coordinator) {
        GroupMetrics groups = new GroupMetrics(coordinator);
        metrics.beforeReading(groups::refresh);
        metrics.gauge(PREFIX + "groups", "Groups coordinated here", () -> groups.counts.allGroups());
        metrics.gauge(PREFIX + "offsets", "Committed offsets kept here", () -> (double) groups.counts.offsets());
        for (GroupState state : GroupState.values()) {
            metrics.gauge(
                    PREFIX + "groups" + state.protocolName().toLowerCase(Locale.ROOT),
                    "Groups in state " + state.protocolName(),
                    () -> groups.counts.in(state));
        }
    }

    private void refresh() {
        try {
            counts = coordinator.counts().get(PATIENCE_MS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            // The last answer stands.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException("counting groups failed", e);
        }
    }
}
