package io.odradek.bench.soak;

import java.util.Locale;

/**
 * What was seen at one moment.
 *
 * @param seconds since the beginning
 * @param residentMib of the broker; not a number while it is restarted
 * @param descriptors open ones, sockets included; not a number while it is restarted
 * @param dataMib of all files below its data directory
 * @param records acknowledged so far
 * @param restarts so far
 */
record SoakSample(double seconds, double residentMib, double descriptors, double dataMib, long records, int restarts) {
    static final String HEADER = "seconds,resident_mib,descriptors,data_mib,records,restarts";

    String row() {
        return String.format(
                Locale.ROOT,
                "%.1f,%.1f,%.0f,%.2f,%d,%d",
                seconds,
                residentMib,
                descriptors,
                dataMib,
                records,
                restarts);
    }
}
