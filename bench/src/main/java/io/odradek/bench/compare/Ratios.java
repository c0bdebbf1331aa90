package io.odradek.bench.compare;

import java.util.Arrays;

/** Pairs of figures from alternating runs, and their ratio. */
final class Ratios {
    private final double[] odradek;
    private final double[] kafka;

    /** @param odradek one figure a pair, in the order run; as many as {@code kafka} */
    Ratios(double[] odradek, double[] kafka) {
        if (odradek.length != kafka.length || odradek.length == 0) {
            throw new IllegalArgumentException("pairs do not match: " + odradek.length + " and " + kafka.length);
        }
        this.odradek = odradek.clone();
        this.kafka = kafka.clone();
    }

    double medianOfOdradek() {
        return median(odradek);
    }

    double medianOfKafka() {
        return median(kafka);
    }

    /** Median over the pairs of Odradek's figure divided by Kafka's of the same pair. */
    double median() {
        return median(perPair());
    }

    double smallest() {
        return Arrays.stream(perPair()).min().orElseThrow();
    }

    double largest() {
        return Arrays.stream(perPair()).max().orElseThrow();
    }

    private double[] perPair() {
        double[] ratios = new double[odradek.length];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = odradek[i] / kafka[i];
        }
        return ratios;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
