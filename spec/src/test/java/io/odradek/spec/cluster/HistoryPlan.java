package io.odradek.spec.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * What a history is to be, drawn before it begins, so that it can be shown, run again, and made smaller.
 *
 * @param faultyMs how long faults happen, in virtual time from 0; then there is peace
 * @param entries in the order of their times, all of them below {@code faultyMs}
 */
record HistoryPlan(Temper temper, long faultyMs, List<Entry> entries) {

    /** What befalls the cluster, and when in virtual time. */
    record Entry(long atMs, Fault what) {
        @Override
        public String toString() {
            return atMs + " ms: " + what;
        }
    }

    private static final int LATEST_FIRST_MS = 5_000;

    HistoryPlan {
        entries = List.copyOf(entries);
    }

    /** Equal for equal seeds. */
    static HistoryPlan of(long seed, long faultyMs, int nodes) {
        SplittableRandom random = new SplittableRandom(seed).split();
        Temper temper = Temper.of(random.split());
        List<Entry> entries = new ArrayList<>();
        for (long at = random.nextInt(LATEST_FIRST_MS); at < faultyMs; at += 1 + random.nextInt(temper.faultGapMs())) {
            entries.add(new Entry(at, fault(random, temper, nodes)));
        }
        return new HistoryPlan(temper, faultyMs, entries);
    }

    private static Fault fault(SplittableRandom random, Temper temper, int nodes) {
        int one = random.nextInt(nodes);
        int other = (one + 1 + random.nextInt(nodes - 1)) % nodes;
        int downMs = 1 + random.nextInt(temper.mostDownMs());
        return switch (random.nextInt(64)) {
            case 0 -> new Fault.PowerFailsEverywhere(downMs);
            case 1, 2, 3, 4, 5, 6, 7, 8 ->
                new Fault.PowerFailsAtDisk(one, 1 + random.nextInt(temper.operationsToCrash()), downMs);
            case 9, 10, 11, 12 -> new Fault.PowerFails(one, downMs);
            case 13, 14, 15, 16 -> new Fault.Killed(one, downMs);
            case 17, 18, 19, 20 -> new Fault.Leaves(one, downMs);
            case 21, 22, 23, 24 -> new Fault.WayIsCut(one, other);
            case 25, 26, 27, 28 -> new Fault.CutOff(one);
            case 29, 30, 31, 32 -> new Fault.CutApart(one, other);
            case 33, 34, 35, 36 -> new Fault.StandsStill(one, 200 + random.nextInt(3_000));
            case 37, 38, 39, 40 -> new Fault.DiskIsSlow(one, 100 + random.nextInt(2_000));
            case 41, 42, 43, 44 -> new Fault.SyncFails(one, 1 + random.nextInt(3), downMs);
            case 45, 46, 47, 48 -> new Fault.ClockIsSet(one, random.nextInt(20_000) - 10_000);
            default -> new Fault.NetworkIsWhole();
        };
    }

    HistoryPlan with(List<Entry> others) {
        return new HistoryPlan(temper, faultyMs, others);
    }

    HistoryPlan with(Temper other) {
        return new HistoryPlan(other, faultyMs, entries);
    }

    /** Peace begins then, or when it did, if that is sooner; what would be later is left out. */
    HistoryPlan until(long endMs) {
        return new HistoryPlan(
                temper,
                Math.min(faultyMs, endMs),
                entries.stream().filter(entry -> entry.atMs() < endMs).toList());
    }

    /** To be read by people. */
    String describe() {
        return temper
                + entries.stream().map(entry -> "\n    " + entry).collect(Collectors.joining())
                + "\n    " + faultyMs + " ms: peace";
    }
}
