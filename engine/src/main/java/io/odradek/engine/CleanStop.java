package io.odradek.engine;

import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What Kafka's marker of a clean stop says: {@code {"version":0,"brokerEpoch":12}}. Its being there is what counts for the
 * logs; the epoch lets a broker show its controller that it has lost nothing since (KIP-966). Kafka before 3.7 left it empty. Ours
 * also names the record that was written with it.
 */
final class CleanStop {
    static final long UNKNOWN = -1;

    /** Names the {@link io.odradek.engine.recovery.CleanStopRecord} that was written with it; Kafka passes over what it does not know. */
    private static final Pattern RECORD = Pattern.compile("\"odradekRecord\"\\s*:\\s*\"([0-9a-f-]{36})\"\\s*[,}]");

    private static final Pattern VERSION = field("version");
    private static final Pattern BROKER_EPOCH = field("brokerEpoch");

    private CleanStop() {}

    private static Pattern field(String name) {
        return Pattern.compile("\"" + name + "\"\\s*:\\s*(-?[0-9]{1,19})\\s*[,}]");
    }

    static String text(long brokerEpoch, UUID recordId) {
        return "{\"version\":0,\"brokerEpoch\":" + brokerEpoch + ",\"odradekRecord\":\"" + recordId + "\"}";
    }

    /** Null for a marker of somebody else's. */
    static @Nullable UUID recordId(String text) {
        Matcher record = RECORD.matcher(text);
        return record.find() ? UUID.fromString(record.group(1)) : null;
    }

    /** {@link #UNKNOWN} for a marker that doesn't say, or that another version wrote: a guess could claim what is lost. */
    static long brokerEpoch(String text) {
        Matcher version = VERSION.matcher(text);
        Matcher epoch = BROKER_EPOCH.matcher(text);
        if (!version.find() || !version.group(1).equals("0") || !epoch.find()) {
            return UNKNOWN;
        }
        try {
            return Math.max(UNKNOWN, Long.parseLong(epoch.group(1)));
        } catch (NumberFormatException tooLarge) {
            return UNKNOWN;
        }
    }
}
