package io.odradek.bench.jmh;

import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What one name on the command line runs.
 *
 * @param countsAllocation JMH's {@code -prof gc} is on
 */
record Suite(String name, String what, boolean countsAllocation, List<Measure> measures) {
    private static final String KAFKA = "unifiedLog";
    private static final Map<String, String> SMALL = Map.of("volumeMiB", "16");

    static final List<Suite> ALL = List.of(
            new Suite(
                    "append",
                    "appends by one thread, page cache, by batch shape and partitions",
                    false,
                    List.of(new Measure(
                            AppendPageCache.class,
                            "batches checked and appended",
                            "D1",
                            AppendPageCache::perRun,
                            SMALL,
                            List.of(
                                    new Goal.AsFast("odradek", KAFKA, Map.of("shape", "16x1KiB", "group", "16"), 3),
                                    new Goal.AsFast("odradek", KAFKA, Map.of("shape", "1x100B", "group", "16"), 5),
                                    new Goal.AsFast("odradek", "ceiling", Map.of("partitions", "1"), 0.7))))),
            new Suite(
                    "append-sync",
                    "synced appends: 8 submitters by shape, partitions and strategy; and one stream",
                    false,
                    List.of(
                            new Measure(
                                    AppendSync.class,
                                    "8 submitters wait for the disk",
                                    "D3",
                                    SyncedAppends::perRun,
                                    SMALL,
                                    List.of(synced("1", 5), synced("100", 20), synced("1000", 50))),
                            new Measure(
                                    SyncStream.class,
                                    "one submitter, one or five requests under way",
                                    "D3",
                                    SyncedAppends::perRun,
                                    SMALL,
                                    List.of(new Goal.AsFast("odradek", "rawFile", Map.of("inFlight", "5"), 0.9))))),
            new Suite(
                    "group-sync",
                    "synced appends to one partition by 1 to 64 submitters",
                    false,
                    List.of(new Measure(
                            SyncSubmitters.class,
                            "submitters wait for the disk",
                            "D3",
                            SyncedAppends::perRun,
                            SMALL,
                            List.of()))),
            new Suite(
                    "read",
                    "lookups by offset and time; fetches into memory, warm and cold, and into a socket",
                    false,
                    List.of(
                            timed(OffsetLookup.class, "offset to place", _ -> Amount.one("lookups"), SMALL),
                            timed(TimeLookup.class, "timestamp to offset", _ -> Amount.one("lookups"), SMALL),
                            timed(ReadWarm.class, "fetch into memory", FetchMeasure::perRun, SMALL),
                            timed(ReadCold.class, "fetch from the disk into memory", FetchMeasure::perRun, SMALL),
                            timed(ReadToSocket.class, "fetch into a socket", FetchMeasure::perRun, SMALL))),
            new Suite(
                    "ring",
                    "hand-off between threads by wait strategy",
                    false,
                    List.of(timed(RingHandOff.class, "task and answer", RingHandOff::perRun, Map.of()))),
            new Suite(
                    "check",
                    "checking of received batches by shape and codec",
                    false,
                    List.of(timed(BatchChecking.class, "batches checked", BatchChecking::perRun, Map.of()))),
            new Suite(
                    "varint",
                    "varints walked by width",
                    false,
                    List.of(timed(VarintWalk.class, "varints read", VarintWalk::perRun, Map.of()))),
            new Suite(
                    "recovery",
                    "start after a crash: 10 GB in 100 partitions",
                    false,
                    List.of(new Measure(
                            RecoveryScan.class,
                            "logs opened after a crash",
                            "-",
                            RecoveryScan::perRun,
                            Map.of("volumeMiB", "256", "partitions", "16"),
                            List.of(new Goal.ShareOfTime("odradek", KAFKA, Map.of(), 0.15))))),
            new Suite(
                    "open",
                    "start after a clean stop: 1,000 partitions",
                    false,
                    List.of(new Measure(
                            OpenCleanly.class,
                            "logs opened",
                            "-",
                            params -> new Amount(params.number("partitions"), "logs", 0),
                            Map.of("partitions", "100"),
                            List.of(new Goal.ShareOfTime("odradek", KAFKA, Map.of(), 0.2))))),
            new Suite(
                    "compaction",
                    "one pass over a log that was never compacted",
                    false,
                    List.of(new Measure(
                            CompactionRate.class,
                            "log bytes compacted",
                            "D3",
                            CompactionRate::perRun,
                            Map.of("volumeMiB", "32"),
                            List.of()))),
            new Suite(
                    "compaction-delay",
                    "latency of synced appends beside the compaction of another log, and without",
                    false,
                    List.of(new Measure(
                            CompactionDelay.class,
                            "synced appends at a constant rate, from when each was due",
                            "D3",
                            _ -> new Amount(0, "", 0),
                            Map.of("volumeMiB", "16", "pairs", "2"),
                            List.of()))),
            new Suite(
                    "allocation",
                    "heap allocated per appended batch",
                    true,
                    List.of(new Measure(
                            AppendAllocation.class,
                            "batches appended, and heap they cost",
                            "D1",
                            AppendAllocation::perRun,
                            Map.of("batches", "1600"),
                            List.of(
                                    new Goal.Allocates("odradek", "inRing", "measuredBatches", Map.of(), 0),
                                    new Goal.Allocates("odradek", "inAll", "measuredBatches", Map.of(), 200))))));

    /** Whether what it measures depends on how fast files can be written or synced. */
    boolean writes() {
        return measures.stream().anyMatch(measure -> measure.durability().startsWith("D"));
    }

    private static Goal synced(String partitions, double atLeast) {
        return new Goal.AsFast("odradek", KAFKA, Map.of("partitions", partitions, "strategy", "auto"), atLeast);
    }

    private static Measure timed(
            Class<?> type, String what, Function<Params, Amount> amount, Map<String, String> brief) {
        return new Measure(type, what, "-", amount, brief, List.of());
    }
}
