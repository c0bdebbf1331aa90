package io.odradek.broker.request;

import java.util.Map;

/**
 * Features of the cluster as ApiVersions tells them (KIP-584).
 *
 * @param supported what this broker could do, by feature name
 * @param finalised what the cluster has agreed on, by feature name
 * @param epoch metadata offset of the last change, -1 when unknown
 */
public record FeatureLevels(Map<String, Range> supported, Map<String, Short> finalised, long epoch) {

    /** Both inclusive. */
    public record Range(short lowest, short highest) {}

    public FeatureLevels {
        supported = Map.copyOf(supported);
        finalised = Map.copyOf(finalised);
    }
}
