package io.odradek.broker.request;

import io.odradek.broker.metadata.Features;
import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.replication.controller.ClusterImage;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersionCollection;
import org.apache.kafka.common.message.ApiVersionsResponseData.FinalizedFeatureKey;
import org.apache.kafka.common.message.ApiVersionsResponseData.SupportedFeatureKey;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** Tells clients what they may ask (KIP-35, KIP-511, KIP-584). */
public final class ApiVersionsHandler implements ApiHandler {
    private static final short FIRST_WITH_CLIENT_SOFTWARE = 3;
    /** KIP-511's rule for the names that clients give themselves. */
    private static final Pattern SOFTWARE = Pattern.compile("[a-zA-Z0-9](?:[a-zA-Z0-9\\-.]*[a-zA-Z0-9])?");

    private final Supplier<ClusterImage> image;

    public ApiVersionsHandler(Supplier<ClusterImage> image) {
        this.image = image;
    }

    @Override
    public void handle(Request request, Reply reply) {
        ApiVersionsRequestData body = (ApiVersionsRequestData) request.body();
        if (!request.header().isApiVersionSupported()) {
            // The range lets the client step down at once; nothing else is read by a client that hears this error.
            ApiVersionCollection own = new ApiVersionCollection();
            own.add(new ApiVersion()
                    .setApiKey(ApiKeys.API_VERSIONS.id)
                    .setMinVersion(ApiKeys.API_VERSIONS.oldestVersion())
                    .setMaxVersion(ApiKeys.API_VERSIONS.latestVersion()));
            reply.send(new ApiVersionsResponseData()
                    .setErrorCode(Errors.UNSUPPORTED_VERSION.code())
                    .setApiKeys(own));
            return;
        }
        if (request.version() >= FIRST_WITH_CLIENT_SOFTWARE
                && !(SOFTWARE.matcher(body.clientSoftwareName()).matches()
                        && SOFTWARE.matcher(body.clientSoftwareVersion()).matches())) {
            reply.send(new ApiVersionsResponseData().setErrorCode(Errors.INVALID_REQUEST.code()));
            return;
        }
        ClusterImage now = image.get();
        ApiVersionsResponseData response = new ApiVersionsResponseData()
                .setApiKeys(OfferedApis.listed())
                .setFinalizedFeaturesEpoch(now.lastOffset());
        Features.supported()
                .forEach((name, range) -> response.supportedFeatures()
                        .add(new SupportedFeatureKey()
                                .setName(name)
                                .setMinVersion(range.min())
                                .setMaxVersion(range.max())));
        now.features()
                .forEach((name, level) -> response.finalizedFeatures()
                        .add(new FinalizedFeatureKey()
                                .setName(name)
                                .setMinVersionLevel(level)
                                .setMaxVersionLevel(level)));
        reply.send(response);
    }
}
