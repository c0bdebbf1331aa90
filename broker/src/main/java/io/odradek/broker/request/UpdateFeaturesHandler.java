package io.odradek.broker.request;

import io.odradek.broker.metadata.ActiveController;
import io.odradek.broker.metadata.ControllerHost;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.controller.ControllerError;
import io.odradek.replication.controller.ControllerReply.FeaturesUpdated;
import io.odradek.replication.controller.ControllerRequest.FeatureChange;
import io.odradek.replication.controller.ControllerRequest.FeatureUpdate;
import io.odradek.replication.controller.ControllerRequest.UpdateFeatures;
import io.odradek.replication.controller.Outcome.Done;
import io.odradek.replication.controller.Outcome.Refused;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.UpdateFeaturesRequestData;
import org.apache.kafka.common.message.UpdateFeaturesRequestData.FeatureUpdateKey;
import org.apache.kafka.common.message.UpdateFeaturesResponseData;
import org.apache.kafka.common.message.UpdateFeaturesResponseData.UpdatableFeatureResult;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** UpdateFeatures, versions 0 to 2 (KIP-584, KIP-778): all or none, which up to version 1 every feature's result says. */
public final class UpdateFeaturesHandler implements ApiHandler {

    private final ControllerHost controller;

    public UpdateFeaturesHandler(ControllerHost controller) {
        this.controller = controller;
    }

    @Override
    public void handle(Request request, Reply reply) {
        UpdateFeaturesRequestData body = (UpdateFeaturesRequestData) request.body();
        List<FeatureUpdate> updates = new ArrayList<>();
        for (FeatureUpdateKey update : body.featureUpdates()) {
            FeatureChange change = change(request.version(), update);
            if (change == null) {
                reply.send(new UpdateFeaturesResponseData()
                        .setErrorCode(Errors.INVALID_UPDATE_VERSION.code())
                        .setErrorMessage("The controller does not support upgrade type " + update.upgradeType()
                                + "; known: 1 to 3"));
                return;
            }
            updates.add(new FeatureUpdate(update.feature(), update.maxVersionLevel(), change));
        }
        Deadline deadline = new Deadline(
                request,
                reply,
                body.timeoutMs(),
                () -> new UpdateFeaturesResponseData().setErrorCode(Errors.REQUEST_TIMED_OUT.code()));
        controller.submit(
                new UpdateFeatures(updates, body.validateOnly()), new ActiveController.ReplyTo<FeaturesUpdated>() {
                    @Override
                    public void reply(FeaturesUpdated updated) {
                        UpdateFeaturesResponseData response = new UpdateFeaturesResponseData();
                        switch (updated.features()) {
                            case Done<List<String>>(List<String> features) -> {
                                if (request.version() < 2) {
                                    features.forEach(name ->
                                            response.results().add(new UpdatableFeatureResult().setFeature(name)));
                                }
                            }
                            case Refused<List<String>>(ControllerError error, String message) ->
                                response.setErrorCode(
                                                ControllerErrors.toKafka(error).code())
                                        .setErrorMessage(message);
                        }
                        deadline.send(response);
                    }

                    @Override
                    public void failed(ControllerError error, String message) {
                        deadline.send(new UpdateFeaturesResponseData()
                                .setErrorCode(ControllerErrors.toKafka(error).code())
                                .setErrorMessage(message));
                    }
                });
    }

    private static @Nullable FeatureChange change(short version, FeatureUpdateKey update) {
        if (version == 0) {
            return update.allowDowngrade() ? FeatureChange.SAFE_DOWNGRADE : FeatureChange.UPGRADE;
        }
        return switch (update.upgradeType()) {
            case 1 -> FeatureChange.UPGRADE;
            case 2 -> FeatureChange.SAFE_DOWNGRADE;
            case 3 -> FeatureChange.UNSAFE_DOWNGRADE;
            default -> null;
        };
    }
}
