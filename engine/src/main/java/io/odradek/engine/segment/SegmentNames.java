package io.odradek.engine.segment;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** Kafka's file names: the base offset in twenty digits, then what the file is. */
public final class SegmentNames {
    public static final String LOG = ".log";
    public static final String OFFSET_INDEX = ".index";
    public static final String TIME_INDEX = ".timeindex";
    public static final String TRANSACTION_INDEX = ".txnindex";
    public static final String PRODUCER_SNAPSHOT = ".snapshot";

    /** What a segment may consist of; the log file first: without it the others are nothing. */
    public static final List<String> ALL = List.of(LOG, OFFSET_INDEX, TIME_INDEX, TRANSACTION_INDEX, PRODUCER_SNAPSHOT);

    /** Added to the name of a file that is no longer part of the log and waits for its deletion. */
    public static final String DELETED = ".deleted";
    /** Added by compaction to what it writes and has not swapped in. */
    public static final String CLEANED = ".cleaned";
    /** Added by compaction to what replaces older segments. */
    public static final String SWAP = ".swap";
    /** Added to a file that is written to replace another. */
    public static final String TEMPORARY = ".tmp";

    private static final int DIGITS = 20;
    private static final String ZEROS = "0".repeat(DIGITS);

    private SegmentNames() {}

    public static String of(long baseOffset, String suffix) {
        // Not by a format string: a start makes several names for each log.
        String digits = Long.toString(baseOffset);
        return ZEROS.substring(digits.length()) + digits + suffix;
    }

    public static Path in(Path directory, long baseOffset, String suffix) {
        return directory.resolve(of(baseOffset, suffix));
    }

    /** The base offset in {@code fileName} when it is twenty digits and exactly {@code suffix}. */
    public static OptionalLong baseOffset(String fileName, String suffix) {
        if (fileName.length() != DIGITS + suffix.length() || !fileName.endsWith(suffix)) {
            return OptionalLong.empty();
        }
        for (int i = 0; i < DIGITS; i++) {
            if (fileName.charAt(i) < '0' || fileName.charAt(i) > '9') {
                return OptionalLong.empty();
            }
        }
        try {
            return OptionalLong.of(Long.parseLong(fileName.substring(0, DIGITS)));
        } catch (NumberFormatException beyondLong) {
            return OptionalLong.empty();
        }
    }
}
