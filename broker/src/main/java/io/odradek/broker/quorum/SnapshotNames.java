package io.odradek.broker.quorum;

import io.odradek.replication.quorum.OffsetAndEpoch;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Kafka's names of snapshots: 20 digits of the offset, 10 of the epoch (KIP-630). */
final class SnapshotNames {

    private static final String SUFFIX = ".checkpoint";

    /** Of one that is being written or fetched, and may be anything. */
    private static final String PART = SUFFIX + ".part";

    private static final Pattern NAME = Pattern.compile("(\\d{20})-(\\d{10})\\.checkpoint");

    static Path whole(Path directory, OffsetAndEpoch snapshot) {
        return directory.resolve(name(snapshot) + SUFFIX);
    }

    static Path part(Path directory, OffsetAndEpoch snapshot) {
        return directory.resolve(name(snapshot) + PART);
    }

    private static String name(OffsetAndEpoch snapshot) {
        return String.format("%020d-%010d", snapshot.offset(), snapshot.epoch());
    }

    /** Null when it is no name of a whole snapshot. */
    static @Nullable OffsetAndEpoch parse(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        if (!name.matches()) {
            return null;
        }
        try {
            return new OffsetAndEpoch(Long.parseLong(name.group(1)), Integer.parseInt(name.group(2)));
        } catch (NumberFormatException beyond) {
            return null;
        }
    }

    static boolean isPart(Path file) {
        return file.getFileName().toString().endsWith(PART);
    }

    private SnapshotNames() {}
}
