package io.odradek.broker.request;

import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.feature.Features;
import org.apache.kafka.common.feature.SupportedVersionRange;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ApiVersionsRequest;
import org.apache.kafka.common.requests.ApiVersionsResponse;

/** Tells clients which versions and features they may use; also those that ask in a version we do not know (KIP-511). */
public final class ApiVersionsHandler implements ApiHandler {

    /** From this version on features whose lowest level is 0 are told; older clients fail on them. */
    private static final int VERSION_WITH_LEVEL_ZERO = 4;

    private final List<OfferedApis.Offer> offers;
    private final Supplier<FeatureLevels> features;

    /** @param features asked for each request, on a network loop */
    public ApiVersionsHandler(Supplier<FeatureLevels> features) {
        this(OfferedApis.all(), features);
    }

    /** @param offers of this listener */
    ApiVersionsHandler(List<OfferedApis.Offer> offers, Supplier<FeatureLevels> features) {
        this.offers = offers;
        this.features = features;
    }

    @Override
    public void handle(Request request, Reply reply) {
        reply.send(answer((ApiVersionsRequestData) request.body(), request.version()));
    }

    private ApiMessage answer(ApiVersionsRequestData body, short version) {
        if (!OfferedApis.offers(ApiKeys.API_VERSIONS, version)) {
            return unknownVersion();
        }
        ApiVersionsRequest asked = new ApiVersionsRequest(body, version);
        if (!asked.isValid()) {
            return asked.getErrorResponse(0, Errors.INVALID_REQUEST.exception()).data();
        }
        FeatureLevels levels = features.get();
        return new ApiVersionsResponse.Builder()
                .setError(Errors.NONE)
                .setApiVersions(OfferedApis.listed(offers))
                .setSupportedFeatures(supported(levels))
                .setFinalizedFeatures(levels.finalised())
                .setFinalizedFeaturesEpoch(levels.epoch())
                .setZkMigrationEnabled(false)
                .setAlterFeatureLevel0(version < VERSION_WITH_LEVEL_ZERO)
                .build()
                .data();
    }

    /** The range of ApiVersions itself, so that the client asks again in a version both know. */
    private static ApiMessage unknownVersion() {
        return new ApiVersionsRequest(new ApiVersionsRequestData(), (short) 0)
                .getErrorResponse(0, Errors.UNSUPPORTED_VERSION.exception())
                .data();
    }

    private static Features<SupportedVersionRange> supported(FeatureLevels levels) {
        Map<String, SupportedVersionRange> ranges = new HashMap<>();
        levels.supported()
                .forEach((name, range) -> ranges.put(name, new SupportedVersionRange(range.lowest(), range.highest())));
        return Features.supportedFeatures(ranges);
    }
}
