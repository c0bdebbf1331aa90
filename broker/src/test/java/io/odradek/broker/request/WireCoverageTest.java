package io.odradek.broker.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.request.OfferedApis.Offer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.common.message.ApiMessageType.ListenerType;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.utils.AppInfoParser;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** {@code docs/wire-coverage.md} says what the table of offers says. */
class WireCoverageTest {

    private static final String WRITE = "odradek.wireCoverage.write";

    @Test
    void theDocumentSaysWhatIsOffered() throws IOException {
        Path document = root().resolve("docs/wire-coverage.md");
        String expected = page();
        if (Boolean.getBoolean(WRITE)) {
            Files.createDirectories(document.getParent());
            Files.writeString(document, expected);
        }
        assertThat(Files.exists(document) ? Files.readString(document) : "")
                .as(
                        "%s is out of date; write it with: mvn -pl broker -am test -Dtest=WireCoverageTest"
                                + " -Dsurefire.failIfNoSpecifiedTests=false -D%s=true",
                        document, WRITE)
                .isEqualTo(expected);
    }

    private static Path root() {
        Path here = Path.of("").toAbsolutePath();
        return here.endsWith("broker") ? here.resolveSibling(".").normalize() : here;
    }

    private static String page() {
        Map<ApiKeys, Offer> offers = byApi(OfferedApis.all());
        StringBuilder page = new StringBuilder();
        page.append("# What of the Kafka protocol is answered\n\n")
                .append("Written by `WireCoverageTest` from `OfferedApis`, the table that ApiVersions lists and the"
                        + " router")
                .append(" enforces; edit that\ninstead. Schema versions are those of kafka-clients ")
                .append(AppInfoParser.getVersion())
                .append(". Anything not offered closes the connection, as Kafka does;\n")
                .append("ApiVersions alone answers versions it does not know (KIP-511).\n\n")
                .append(OfferedApis.all().size())
                .append(" of ")
                .append(ApiKeys.values().length)
                .append(" API keys are offered.\n\n")
                .append("| key | API | schema | offered | note |\n| --: | --- | --- | --- | --- |\n");
        Arrays.stream(ApiKeys.values())
                .sorted(Comparator.comparingInt(api -> api.id))
                .forEach(api -> page.append(row(api, offers.get(api))));
        page.append("\n## At a controller's listener\n\n")
                .append("The active controller alone decides. What is marked reaches it from any broker as well, in an"
                        + " Envelope (KIP-590). Others answer\nNOT_CONTROLLER; but each tells what it knows of"
                        + " configurations, and takes part in the quorum.\n\n")
                .append("| key | API | schema | offered | passed on | note |\n| --: | --- | --- | --- | --- | --- |\n");
        OfferedApis.toControllers().forEach(offer -> page.append(rowOfControllers(offer)));
        return page.toString();
    }

    private static Map<ApiKeys, Offer> byApi(List<Offer> offers) {
        return offers.stream().collect(Collectors.toMap(Offer::api, Function.identity()));
    }

    private static String rowOfControllers(Offer offer) {
        return String.format(
                Locale.ROOT,
                "| %d | %s | %s | %s | %s | %s |%n",
                offer.api().id,
                offer.api().name,
                schema(offer.api()),
                range(offer.lowest(), offer.highest()),
                OfferedApis.forwarded().contains(offer) ? "x" : "",
                offer.note());
    }

    private static String row(ApiKeys api, @Nullable Offer offer) {
        String offered = offer == null ? "–" : range(offer.lowest(), offer.highest());
        return String.format(
                Locale.ROOT,
                "| %d | %s | %s | %s | %s |%n",
                api.id,
                api.name,
                schema(api),
                offered,
                offer == null ? whyNot(api) : offer.note());
    }

    private static String schema(ApiKeys api) {
        return api.hasValidVersion()
                ? range(api.messageType.lowestSupportedVersion(), api.messageType.highestSupportedVersion(true))
                : "none";
    }

    private static String whyNot(ApiKeys api) {
        if (!api.hasValidVersion()) {
            return "removed in Kafka 4.0";
        }
        return api.inScope(ListenerType.BROKER) ? "not yet" : "between brokers and controllers";
    }

    private static String range(short lowest, short highest) {
        return lowest == highest ? Short.toString(lowest) : lowest + "-" + highest;
    }
}
