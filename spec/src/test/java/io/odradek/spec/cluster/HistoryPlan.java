package io.odradek.spec.cluster;

import java.util.ArrayList;
import java.util.Comparator;
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

    /** When in virtual time. */
    record Entry(long atMs, Happening what) {
        @Override
        public String toString() {
            return atMs + " ms: " + what;
        }
    }

    static final List<String> LOADED_TOPICS = List.of("orders", "events");
    static final int LOADED_PARTITIONS = 2;
    /** Operators create and delete them. */
    static final List<String> PASSING_TOPICS = List.of("visits", "strays");

    /** Of a group that reads the loaded topics. */
    static final int MEMBERS = 3;

    private static final List<MemberChange.How> GOING = List.of(MemberChange.How.values());
    /** Some are back before their session is over. */
    private static final int MOST_MS_AWAY = 5_000;

    private static final int MOST_MS_TO_CANCEL = 100;
    private static final int LATEST_FIRST_MS = 5_000;
    private static final int MOST_FREE_BYTES = 4_000;

    HistoryPlan {
        entries = List.copyOf(entries);
    }

    /** Equal for equal seeds. */
    static HistoryPlan of(long seed, long faultyMs, int nodes) {
        SplittableRandom random = new SplittableRandom(seed).split();
        Temper temper = Temper.of(random.split());
        SplittableRandom operators = random.split();
        List<Entry> entries = new ArrayList<>();
        for (long at = random.nextInt(LATEST_FIRST_MS); at < faultyMs; at += 1 + random.nextInt(temper.faultGapMs())) {
            entries.add(new Entry(at, fault(random, temper, nodes)));
        }
        for (long at = operators.nextInt(LATEST_FIRST_MS);
                at < faultyMs;
                at += 1 + operators.nextInt(temper.operationGapMs())) {
            Happening operation = temper.votersChange() && operators.nextInt(4) == 0
                    ? new VoterChange(operators.nextInt(nodes), operators.nextInt(5) < 3)
                    : operation(operators, at, nodes);
            entries.add(new Entry(at, operation));
            long soonMs = at + 1 + operators.nextInt(MOST_MS_TO_CANCEL);
            if (operation instanceof Operation.Reassign reassign && operators.nextInt(3) == 0 && soonMs < faultyMs) {
                entries.add(
                        new Entry(soonMs, new Operation.CancelReassignment(reassign.topic(), reassign.partition())));
            }
        }
        SplittableRandom members = random.split();
        for (long at = members.nextInt(LATEST_FIRST_MS);
                at < faultyMs;
                at += 1 + members.nextInt(temper.memberGapMs())) {
            MemberChange.How how = GOING.get(members.nextInt(GOING.size()));
            // Who comes back soon is a member still; who stands still for long is overtaken.
            int mostMs = how == MemberChange.How.STANDS_STILL ? MOST_MS_AWAY : 1 + members.nextInt(MOST_MS_AWAY);
            entries.add(new Entry(at, new MemberChange(members.nextInt(MEMBERS), how, 1 + members.nextInt(mostMs))));
        }
        entries.sort(Comparator.comparingLong(Entry::atMs)); // stable
        return new HistoryPlan(temper, faultyMs, entries);
    }

    /** Numbers are different each time, where they may be, so that each can be recognised. */
    private static Happening operation(SplittableRandom random, long atMs, int nodes) {
        String passing = PASSING_TOPICS.get(random.nextInt(PASSING_TOPICS.size()));
        String loaded = LOADED_TOPICS.get(random.nextInt(LOADED_TOPICS.size()));
        int partition = random.nextInt(LOADED_PARTITIONS);
        return switch (random.nextInt(27)) {
            case 0, 1, 2, 3 -> new Operation.CreateTopic(passing, 1 + random.nextInt(3), nodes);
            case 4, 5, 6 -> new Operation.DeleteTopic(passing);
            case 7 -> new Operation.AddPartitions(passing, 2 + random.nextInt(4));
            case 8 -> new Operation.AddPartitions(loaded, LOADED_PARTITIONS + 1 + random.nextInt(2));
            case 9 ->
                new Operation.SetConfig(
                        loaded, "segment.ms", String.valueOf((random.nextBoolean() ? 200 : 600_000) + atMs));
            case 10 ->
                new Operation.SetConfig(
                        loaded, "retention.ms", random.nextBoolean() ? "-1" : String.valueOf(1_000_000_000 + atMs));
            case 11, 12 ->
                new Operation.SetConfig(loaded, "min.insync.replicas", String.valueOf(1 + random.nextInt(3)));
            case 13, 14, 15, 16, 17, 18 ->
                new Operation.Reassign(loaded, partition, some(random, 2 + random.nextInt(nodes - 1), nodes));
            case 19 -> new Operation.CancelReassignment(loaded, partition);
            case 20, 21 -> new Operation.ElectPreferred(loaded, partition);
            case 22 -> new Operation.ElectPreferred(passing, 0);
            case 23, 24, 25 -> new Deletion(loaded, partition);
            default ->
                switch (random.nextInt(4)) {
                    case 0 -> new Operation.CreateTopic(passing, 1, nodes + 1);
                    case 1 -> new Operation.SetConfig(loaded, "min.insync.replicas", "0");
                    case 2 -> new Operation.Reassign(loaded, partition, List.of(0, nodes));
                    default -> new Operation.Reassign(loaded, partition, List.of(0, 1, 0));
                };
        };
    }

    /** So many nodes, in any order. */
    private static List<Integer> some(SplittableRandom random, int count, int nodes) {
        List<Integer> all = new ArrayList<>();
        for (int node = 0; node < nodes; node++) {
            all.add(random.nextInt(all.size() + 1), node);
        }
        return all.subList(0, count);
    }

    private static Fault fault(SplittableRandom random, Temper temper, int nodes) {
        int one = random.nextInt(nodes);
        int other = (one + 1 + random.nextInt(nodes - 1)) % nodes;
        int downMs = 1 + random.nextInt(temper.mostDownMs());
        return switch (random.nextInt(68)) {
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
            case 49, 50, 51, 52 ->
                new Fault.DiskIsFull(one, random.nextInt(MOST_FREE_BYTES), 100 + random.nextInt(3_000), downMs);
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
