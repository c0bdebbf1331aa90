package io.odradek.engine.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Leader epochs against a list of entries that is searched from the beginning. */
class LeaderEpochsTest {
    private static final Path FILE = Path.of("leader-epoch-checkpoint");

    private record Entry(int epoch, long startOffset) {}

    private static List<Entry> entries(LeaderEpochs epochs) {
        List<Entry> entries = new ArrayList<>();
        for (int n = 0; n < epochs.count(); n++) {
            entries.add(new Entry(epochs.epoch(n), epochs.startOffset(n)));
        }
        return entries;
    }

    /** Small numbers, so that neighbours and equal ones are met. */
    private static LeaderEpochs some(Random random) {
        LeaderEpochs epochs = LeaderEpochs.NONE;
        int epoch = 0;
        long start = random.nextInt(3);
        for (int n = random.nextInt(6); n > 0; n--) {
            epochs = epochs.begin(epoch, start);
            epoch += 1 + random.nextInt(3);
            start += 1 + random.nextInt(4);
        }
        return epochs;
    }

    @Property(tries = 300)
    void anEpochThatBeginsTakesThePlaceOfThoseThatHadNoRecords(@ForAll long seed) {
        Random random = new Random(seed);
        LeaderEpochs before = some(random);
        int epoch = random.nextInt(20) - 1;
        long start = random.nextInt(24);
        List<Entry> expected = new ArrayList<>(entries(before));
        if (epoch > before.latestEpoch()) {
            expected.removeIf(entry -> entry.startOffset() >= start);
            expected.add(new Entry(epoch, start));
        }
        assertThat(entries(before.begin(epoch, start))).isEqualTo(expected);
    }

    @Property(tries = 300)
    void aCutTakesTheEpochsThatBeginThereOrAbove(@ForAll long seed) {
        Random random = new Random(seed);
        LeaderEpochs before = some(random);
        long end = random.nextInt(24);
        LeaderEpochs cut = before.truncatedTo(end);
        assertThat(entries(cut))
                .isEqualTo(entries(before).stream()
                        .filter(entry -> entry.startOffset() < end)
                        .toList());
    }

    @Property(tries = 300)
    void aLaterStartKeepsTheEpochItFallsInto(@ForAll long seed) {
        Random random = new Random(seed);
        LeaderEpochs before = some(random);
        long start = random.nextInt(24);
        LeaderEpochs after = before.startingAt(start);
        List<Entry> expected = new ArrayList<>();
        List<Entry> all = entries(before);
        for (int n = 0; n < all.size(); n++) {
            boolean last = n + 1 == all.size();
            if (last || all.get(n + 1).startOffset() > start) {
                Entry kept = all.get(n); // only the first can begin below the start
                expected.add(new Entry(kept.epoch(), Math.max(start, kept.startOffset())));
            }
        }
        assertThat(entries(after)).isEqualTo(expected);
        if (expected.equals(all)) {
            assertThat(after).isSameAs(before);
        }
        for (long offset = start; offset < 30; offset++) {
            assertThat(after.epochOf(offset)).isEqualTo(before.epochOf(offset));
        }
    }

    @Property(tries = 300)
    void lookUpsFindWhatAWalkFinds(@ForAll long seed) {
        LeaderEpochs epochs = some(new Random(seed));
        List<Entry> all = entries(epochs);
        assertThat(epochs.latestEpoch())
                .isEqualTo(all.isEmpty() ? LeaderEpochs.NO_EPOCH : all.getLast().epoch());
        for (int wanted = -1; wanted < 24; wanted++) {
            int floor = -1;
            int epochOf = LeaderEpochs.NO_EPOCH;
            for (int n = 0; n < all.size(); n++) {
                if (all.get(n).epoch() <= wanted) {
                    floor = n;
                }
                if (all.get(n).startOffset() <= wanted) {
                    epochOf = all.get(n).epoch();
                }
            }
            assertThat(epochs.floor(wanted)).isEqualTo(floor);
            assertThat(epochs.epochOf(wanted)).isEqualTo(epochOf);
        }
    }

    @Property(tries = 100)
    void whatIsWrittenIsRead(@ForAll long seed) throws Exception {
        LeaderEpochs epochs = some(new Random(seed));
        LeaderEpochs read = LeaderEpochs.parse(FILE, epochs.encode());
        assertThat(read).isEqualTo(epochs).hasSameHashCodeAs(epochs).hasToString(epochs.toString());
        assertThat(read).isNotEqualTo(epochs.begin(99, 99)).isNotEqualTo("epochs");
        if (epochs.count() > 0) {
            LeaderEpochs later = LeaderEpochs.NONE;
            LeaderEpochs higher = LeaderEpochs.NONE;
            for (Entry entry : entries(epochs)) {
                later = later.begin(entry.epoch(), entry.startOffset() + 1);
                higher = higher.begin(entry.epoch() + 1, entry.startOffset());
            }
            assertThat(read).isNotEqualTo(later).isNotEqualTo(higher);
            assertThat(read.hashCode()).isNotEqualTo(later.hashCode()).isNotEqualTo(higher.hashCode());
        }
    }

    @Test
    void theyAreShownAsEpochsAndStarts() {
        assertThat(LeaderEpochs.NONE.begin(3, 0).begin(7, 4200)).hasToString("LeaderEpochs[3@0, 7@4200]");
    }

    /** The first offset that is affected is named when it is known. */
    @Test
    void aRowThatDoesNotRiseIsRefusedWithItsOffset() {
        assertThatThrownBy(() -> LeaderEpochs.parse(FILE, "0\n3\n1 0\n2 9\n2 12\n"))
                .isInstanceOfSatisfying(
                        CorruptLogException.class, e -> assertThat(e.offset()).isEqualTo(12));
        assertThatThrownBy(() -> LeaderEpochs.parse(FILE, "0\n3\n1 0\n2 9\n3 9\n"))
                .isInstanceOfSatisfying(
                        CorruptLogException.class, e -> assertThat(e.offset()).isEqualTo(9));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0\n1\n5\n", "0\n1\n5 1 2\n", "0\n1\nfive 1\n", "0\n1\n5 one\n", "0\n1\n\n"})
    void aLineThatIsNoEpochAndOffsetIsRefusedAndQuoted(String text) {
        String line = text.split("\n", -1)[2];
        assertThatThrownBy(() -> LeaderEpochs.parse(FILE, text))
                .isInstanceOf(CorruptLogException.class)
                .hasMessageContaining("'" + line + "'");
    }

    @Test
    void spacesAroundTheColumnsDoNotMatter() throws Exception {
        assertThat(LeaderEpochs.parse(FILE, "0\n2\n 1   0\n2\t9 \n"))
                .isEqualTo(LeaderEpochs.NONE.begin(1, 0).begin(2, 9));
    }
}
