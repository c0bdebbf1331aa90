package io.odradek.engine.io;

import io.odradek.engine.io.GroupSync.Strategy;
import java.util.Arrays;

/**
 * What syncing a group of files costs by each strategy, learned from what it did cost. Confined to the sync thread.
 *
 * <p>Kept by size class, since no cost is a constant per file: a class holds the groups of {@code 2^k} to {@code 2^(k+1)
 * - 1} files; for a journal, records of so many bytes, since these are written twice. What syncing the files behind a journal
 * takes later counts as its cost now.
 *
 * <p>A strategy believed to be dearer is tried now and then, because disks change (a neighbour stops writing, a cache
 * fills). How often is bounded three ways: never for a group of one file, where fdatasync cannot lose; at most each {@link
 * #EXPLORE_EVERY}th group of a class, and half as often after each time it lost clearly; and in all its excess stays below
 * one part in {@link #EXCESS_PART} of the time spent syncing.
 */
final class SyncCosts {
    /** Groups of more files than an int can count do not exist. */
    private static final int CLASSES = 32;

    /** Weight of a new measurement in a running average: 1/8, so about the last ten groups count. */
    private static final double WEIGHT = 0.125;

    /** A measurement counts for at most so many times the average: one stall of the disk is no verdict on the strategy. */
    private static final double OUTLIER = 8;

    /** Beliefs before the first measurement, in ns; they cross near 16 files, as the disks at hand did. */
    private static final double ASSUMED_FDATASYNC_PER_FILE = 70_000;

    private static final double ASSUMED_SYNCFS = 1_000_000;
    private static final double ASSUMED_SYNCFS_PER_FILE = 8_000;

    private static final double ASSUMED_JOURNAL = 150_000;
    private static final double ASSUMED_JOURNAL_PER_BYTE = 1;

    static final int EXPLORE_EVERY = 256;
    private static final int EXPLORE_AT_LEAST_EVERY = 1 << 16;
    private static final int EXCESS_PART = 50;

    /** How much exploring may have cost before there is a history to take a part of: 10 ms. */
    private static final double EXCESS_ALLOWANCE_NANOS = 10_000_000;

    /** Running averages in ns of a whole group by size class; NaN where nothing was measured. */
    private final double[] fdatasync = new double[CLASSES];

    private final double[] syncfs = new double[CLASSES];

    /** By the bytes of a record. */
    private final double[] journal = new double[CLASSES];

    /** Groups of the class until the other strategy is tried, and what that is set to next. */
    private final int[] groupsToExploration = new int[CLASSES];

    private final int[] explorationInterval = new int[CLASSES];

    /** Explorations that could have been a journal's; every other one is. */
    private int journalTurn;

    private double totalNanos;
    private double excessNanos;

    /** What {@link #choose} decided: which strategy, and whether against its belief. */
    record Choice(Strategy strategy, boolean exploring, double cheaperNanos) {}

    SyncCosts() {
        Arrays.fill(fdatasync, Double.NaN);
        Arrays.fill(syncfs, Double.NaN);
        Arrays.fill(journal, Double.NaN);
        Arrays.fill(groupsToExploration, EXPLORE_EVERY);
        Arrays.fill(explorationInterval, EXPLORE_EVERY);
    }

    /** For a group that no journal takes. */
    Choice choose(int files) {
        return choose(files, true, -1, 0);
    }

    /**
     * @param journalBytes what a journal would write; -1 when none takes the group
     * @param laterNanosPerByte what each of these bytes costs behind the journal
     */
    Choice choose(int files, boolean canSyncFileSystem, long journalBytes, double laterNanosPerByte) {
        double fdatasyncNanos = expectedFdatasync(files);
        if (files == 1) {
            return new Choice(Strategy.FDATASYNC, false, fdatasyncNanos);
        }
        double syncfsNanos = canSyncFileSystem ? expectedSyncfs(files) : Double.POSITIVE_INFINITY;
        double journalNanos = journalBytes < 0
                ? Double.POSITIVE_INFINITY
                : expectedJournal(journalBytes) + laterNanosPerByte * journalBytes;
        double cheapestNanos = Math.min(Math.min(fdatasyncNanos, syncfsNanos), journalNanos);
        Strategy cheapest = cheapestNanos == fdatasyncNanos
                ? Strategy.FDATASYNC
                : cheapestNanos == syncfsNanos ? Strategy.SYNCFS : Strategy.JOURNAL;
        int sizeClass = sizeClass(files);
        if (--groupsToExploration[sizeClass] <= 0) {
            boolean journalIsOther = journalBytes >= 0 && cheapest != Strategy.JOURNAL && (++journalTurn & 1) == 0;
            boolean fdatasyncIsOther =
                    cheapest != Strategy.FDATASYNC && (cheapest == Strategy.SYNCFS || fdatasyncNanos <= syncfsNanos);
            Strategy other =
                    journalIsOther ? Strategy.JOURNAL : fdatasyncIsOther ? Strategy.FDATASYNC : Strategy.SYNCFS;
            double excess =
                    (journalIsOther ? journalNanos : fdatasyncIsOther ? fdatasyncNanos : syncfsNanos) - cheapestNanos;
            if (excessNanos + excess <= EXCESS_ALLOWANCE_NANOS + totalNanos / EXCESS_PART) {
                return new Choice(other, true, cheapestNanos);
            }
            groupsToExploration[sizeClass] = explorationInterval[sizeClass]; // too dear now, ask again later
        }
        return new Choice(cheapest, false, cheapestNanos);
    }

    /**
     * The choice was carried out.
     *
     * @param journalBytes as it was when it was chosen
     */
    void measured(Choice choice, int files, long journalBytes, long nanos) {
        int sizeClass = sizeClass(files);
        switch (choice.strategy()) {
            case FDATASYNC -> average(fdatasync, sizeClass, nanos);
            case SYNCFS -> average(syncfs, sizeClass, nanos);
            case JOURNAL -> average(journal, sizeClass((int) journalBytes), nanos);
            case AUTO -> throw new AssertionError("auto is no way to sync");
        }
        totalNanos += nanos;
        if (choice.exploring()) {
            excessNanos += Math.max(0, nanos - choice.cheaperNanos());
            boolean lostClearly = nanos > 2 * choice.cheaperNanos();
            explorationInterval[sizeClass] =
                    lostClearly ? Math.min(EXPLORE_AT_LEAST_EVERY, explorationInterval[sizeClass] * 2) : EXPLORE_EVERY;
            groupsToExploration[sizeClass] = explorationInterval[sizeClass];
        }
    }

    private static void average(double[] averages, int sizeClass, long nanos) {
        double average = averages[sizeClass];
        averages[sizeClass] = Double.isNaN(average)
                ? nanos
                : average + WEIGHT * (Math.min((double) nanos, OUTLIER * average) - average);
    }

    double excessNanos() {
        return excessNanos;
    }

    /** The class's average, else the nearest class's scaled by files, else what we assume. */
    double expectedFdatasync(int files) {
        int sizeClass = sizeClass(files);
        int nearest = nearestMeasured(fdatasync, sizeClass);
        return nearest < 0
                ? ASSUMED_FDATASYNC_PER_FILE * files
                : fdatasync[nearest] * Math.scalb(1.0, sizeClass - nearest);
    }

    /** The class's average, else the nearest class's as it is (most of it is not paid per file), else what we assume. */
    double expectedSyncfs(int files) {
        int nearest = nearestMeasured(syncfs, sizeClass(files));
        return nearest < 0 ? ASSUMED_SYNCFS + ASSUMED_SYNCFS_PER_FILE * files : syncfs[nearest];
    }

    /** The class's average, else the nearest class's with what the other bytes may take, else what we assume. */
    double expectedJournal(long bytes) {
        int sizeClass = sizeClass((int) bytes);
        int nearest = nearestMeasured(journal, sizeClass);
        if (nearest < 0) {
            return ASSUMED_JOURNAL + ASSUMED_JOURNAL_PER_BYTE * bytes;
        }
        double more = ASSUMED_JOURNAL_PER_BYTE * (Math.scalb(1.0, sizeClass) - Math.scalb(1.0, nearest));
        return Math.max(journal[nearest] / 2, journal[nearest] + more);
    }

    private static int nearestMeasured(double[] averages, int sizeClass) {
        for (int distance = 0; distance < CLASSES; distance++) {
            if (sizeClass - distance >= 0 && !Double.isNaN(averages[sizeClass - distance])) {
                return sizeClass - distance;
            }
            if (sizeClass + distance < CLASSES && !Double.isNaN(averages[sizeClass + distance])) {
                return sizeClass + distance;
            }
        }
        return -1;
    }

    private static int sizeClass(int files) {
        return 31 - Integer.numberOfLeadingZeros(files);
    }
}
