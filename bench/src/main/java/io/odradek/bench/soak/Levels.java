package io.odradek.bench.soak;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Whether what a broker uses stays level: the median of the last third of a run is at most a little above that of the second.
 * The first third is for filling up.
 */
final class Levels {
    /** Fewer samples say nothing. */
    static final int LEAST_SAMPLES = 60;

    private static final double GROWTH = 1.1;

    /**
     * One figure.
     *
     * @param slack what may be added besides, in its unit
     */
    private record Figure(String name, String unit, double slack, ToDoubleFunction<SoakSample> value) {}

    private static final List<Figure> FIGURES = List.of(
            new Figure("resident memory", "MiB", 16, SoakSample::residentMib),
            new Figure("open descriptors", "", 24, SoakSample::descriptors),
            new Figure("data on disk", "MiB", 6, SoakSample::dataMib));

    private Levels() {}

    /** One line for each figure; those that are not level begin with NOT LEVEL. */
    static List<String> judge(List<SoakSample> samples) {
        if (samples.size() < LEAST_SAMPLES) {
            return List.of("too short to tell whether anything grows: " + samples.size() + " samples, " + LEAST_SAMPLES
                    + " are needed");
        }
        List<String> lines = new ArrayList<>();
        int third = samples.size() / 3;
        for (Figure figure : FIGURES) {
            double second = median(samples.subList(third, 2 * third), figure);
            double last = median(samples.subList(2 * third, samples.size()), figure);
            boolean level = last <= second * GROWTH + figure.slack;
            lines.add(String.format(
                    Locale.ROOT,
                    "%s%s: %.1f %s in the second third, %.1f in the last",
                    level ? "" : "NOT LEVEL ",
                    figure.name,
                    second,
                    figure.unit,
                    last));
        }
        return lines;
    }

    static boolean areLevel(List<String> judged) {
        return judged.stream().noneMatch(line -> line.startsWith("NOT LEVEL"));
    }

    private static double median(List<SoakSample> samples, Figure figure) {
        double[] values = samples.stream()
                .mapToDouble(figure.value)
                .filter(Double::isFinite)
                .toArray();
        Arrays.sort(values);
        return values.length == 0 ? Double.NaN : values[values.length / 2];
    }
}
