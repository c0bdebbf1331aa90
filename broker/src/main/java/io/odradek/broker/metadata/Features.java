package io.odradek.broker.metadata;

import io.odradek.replication.controller.ClusterImage;
import io.odradek.replication.controller.VersionRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Kafka's cluster features (KIP-584) as far as this version has them. {@code transaction.version} is not among them until
 * transactions are: clients that see it would speak the second transaction protocol.
 */
public final class Features {

    public static final String METADATA_VERSION = "metadata.version";

    /** Kafka 4.3-IV0. */
    private static final short METADATA_VERSION_LEVEL = 30;

    /** Levels this broker can work with; the lowest metadata version is the one Kafka 4 starts at (3.3-IV3). */
    public static Map<String, VersionRange> supported() {
        return Map.of(METADATA_VERSION, new VersionRange((short) 7, METADATA_VERSION_LEVEL));
    }

    /** What a new cluster is finalised at. */
    public static SortedMap<String, Short> forNewCluster() {
        return new TreeMap<>(Map.of(METADATA_VERSION, METADATA_VERSION_LEVEL));
    }

    /** Finalised features of an existing cluster that this broker can't work with; empty when it can. */
    public static List<String> unsupported(ClusterImage image) {
        List<String> unsupported = new ArrayList<>();
        image.features().forEach((name, level) -> {
            VersionRange range = supported().get(name);
            if (range == null || !range.contains(level)) {
                unsupported.add(name + "=" + level
                        + (range == null
                                ? "; known: no such feature"
                                : "; known: " + range.min() + " to " + range.max()));
            }
        });
        return unsupported;
    }

    private Features() {}
}
