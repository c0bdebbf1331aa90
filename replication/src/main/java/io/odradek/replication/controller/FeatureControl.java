package io.odradek.replication.controller;

import io.odradek.replication.controller.ControllerReply.FeaturesUpdated;
import io.odradek.replication.controller.ControllerRequest.FeatureChange;
import io.odradek.replication.controller.ControllerRequest.FeatureUpdate;
import io.odradek.replication.controller.ControllerRequest.UpdateFeatures;
import io.odradek.replication.controller.MetadataRecord.FeatureLevel;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The levels of features (KIP-584): what every registered broker can do may be finalised. */
final class FeatureControl {

    private static final String METADATA_VERSION = "metadata.version";

    static Decision update(ClusterImage image, UpdateFeatures request) {
        List<MetadataRecord> records = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (FeatureUpdate update : request.updates()) {
            String problem = seen.add(update.feature()) ? problem(image, update) : "it is named more than once";
            if (problem != null) {
                return Decision.only(new FeaturesUpdated(new Refused<>(
                        ControllerError.INVALID_UPDATE_VERSION,
                        "Invalid update version " + update.level() + " for feature " + update.feature() + ": " + problem
                                + ".")));
            }
            if (update.level() != image.feature(update.feature())) {
                records.add(new FeatureLevel(update.feature(), update.level()));
            }
        }
        FeaturesUpdated reply = new FeaturesUpdated(new Done<>(
                request.updates().stream().map(FeatureUpdate::feature).toList()));
        return request.validateOnly() ? Decision.only(reply) : Decision.atomic(records, reply);
    }

    private static @Nullable String problem(ClusterImage image, FeatureUpdate update) {
        short before = image.feature(update.feature());
        if (update.level() < 0) {
            return "a feature version cannot be less than 0";
        }
        if (update.level() < before && update.change() == FeatureChange.UPGRADE) {
            return "can't downgrade the version of this feature without setting the upgrade type to either safe or"
                    + " unsafe downgrade";
        }
        if (update.level() > before && update.change() != FeatureChange.UPGRADE) {
            return "can't upgrade the version of this feature with a downgrade";
        }
        if (update.level() < before && update.feature().equals(METADATA_VERSION)) {
            return "records are written in one version, so it does not fall";
        }
        for (BrokerImage broker : image.brokers().values()) {
            VersionRange range = broker.features().get(update.feature());
            if (range == null) {
                return "broker " + broker.id() + " does not support this feature";
            }
            if (update.level() != 0 && !range.contains(update.level())) {
                return "broker " + broker.id() + " supports " + range.min() + " to " + range.max();
            }
        }
        return image.brokers().isEmpty() ? "no broker is registered" : null;
    }

    private FeatureControl() {}
}
