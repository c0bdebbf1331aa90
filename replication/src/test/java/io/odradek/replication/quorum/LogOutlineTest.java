package io.odradek.replication.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.replication.quorum.VoterSet.Voter;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/** The outline says what one would read in the log itself: here a list of records. */
class LogOutlineTest {

    private static final EntryBatch.Payload NOTHING = new EntryBatch.Payload() {};
    private static final VoterSet FIRST = voters(1);

    private record Entry(int epoch, @Nullable VoterSet voters, boolean endsBatch) {}

    @Property(tries = 500)
    void theOutlineIsTheLogs(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        LogOutline outline = new LogOutline(FIRST);
        List<Entry> log = new ArrayList<>();
        int start = 0;
        for (int step = 0; step < 40; step++) {
            switch (random.nextInt(5)) {
                case 0, 1, 2 -> {
                    int epoch = Math.max(1, epochBelow(log, log.size()) + (random.nextInt(3) == 0 ? 1 : 0));
                    int count = 1 + random.nextInt(3);
                    VoterSet said = random.nextInt(3) == 0 ? voters(1 + random.nextInt(5)) : null;
                    outline.append(new EntryBatch(epoch, log.size(), count, said, NOTHING));
                    for (int i = 1; i <= count; i++) {
                        log.add(new Entry(epoch, i == count ? said : null, i == count));
                    }
                }
                case 3 -> {
                    int to = boundary(random, log, (int) outline.highWatermark(), log.size());
                    outline.truncate(to);
                    log.subList(to, log.size()).clear();
                }
                case 4 -> {
                    outline.allDurable();
                    int at = boundary(random, log, start, log.size());
                    outline.commit(at);
                    OffsetAndEpoch snapshot = new OffsetAndEpoch(at, epochBelow(log, at));
                    if (random.nextBoolean()) {
                        outline.startAt(snapshot);
                    } else {
                        outline = new LogOutline(FIRST);
                        outline.beginWith(snapshot, votersBelow(log, at));
                        log.subList(at, log.size()).clear();
                    }
                    start = at;
                }
                default -> throw new AssertionError();
            }
            check(seed, outline, log, start);
        }
    }

    private static void check(long seed, LogOutline outline, List<Entry> log, int start) {
        assertThat(outline.end()).as("seed " + seed).isEqualTo(log.size());
        assertThat(outline.start()).as("seed " + seed).isEqualTo(new OffsetAndEpoch(start, epochBelow(log, start)));
        assertThat(outline.lastEpoch()).as("seed " + seed).isEqualTo(epochBelow(log, log.size()));
        assertThat(outline.voters()).as("seed " + seed).isEqualTo(votersBelow(log, log.size()));
        for (int offset = start; offset <= log.size(); offset++) {
            if (offset == start || log.get(offset - 1).endsBatch()) {
                assertThat(outline.votersAt(offset))
                        .as("voters at offset " + offset + ", seed " + seed)
                        .isEqualTo(votersBelow(log, offset));
            }
            assertThat(outline.epochAt(offset))
                    .as("epoch at offset " + offset + ", seed " + seed)
                    .isEqualTo(epochBelow(log, offset));
        }
        for (int epoch = 0; epoch <= outline.lastEpoch() + 1; epoch++) {
            assertThat(outline.endOfEpoch(epoch))
                    .as("end of epoch " + epoch + ", seed " + seed)
                    .isEqualTo(endOfEpoch(log, start, epoch));
        }
    }

    /** As {@code EpochEnd} in {@code tla/core/Quorum} has it. */
    private static OffsetAndEpoch endOfEpoch(List<Entry> log, int start, int epoch) {
        for (int end = log.size(); end >= Math.max(1, start); end--) {
            if (log.get(end - 1).epoch() <= epoch) {
                return new OffsetAndEpoch(end, log.get(end - 1).epoch());
            }
        }
        return new OffsetAndEpoch(start, 0);
    }

    private static int epochBelow(List<Entry> log, int offset) {
        return offset == 0 ? 0 : log.get(offset - 1).epoch();
    }

    private static VoterSet votersBelow(List<Entry> log, int offset) {
        VoterSet said = FIRST;
        for (Entry entry : log.subList(0, offset)) {
            said = entry.voters() == null ? said : entry.voters();
        }
        return said;
    }

    private static int boundary(SplittableRandom random, List<Entry> log, int from, int to) {
        List<Integer> ends = new ArrayList<>(List.of(from));
        for (int end = from + 1; end <= to; end++) {
            if (log.get(end - 1).endsBatch()) {
                ends.add(end);
            }
        }
        return ends.get(random.nextInt(ends.size()));
    }

    private static VoterSet voters(int count) {
        return VoterSet.of(IntStream.range(0, count)
                .mapToObj(id -> new Voter(new ReplicaKey(id, new UUID(id, 1)), List.of()))
                .toList());
    }
}
