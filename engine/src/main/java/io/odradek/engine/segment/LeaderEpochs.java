package io.odradek.engine.segment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.StringTokenizer;

/**
 * Which leader epoch began at which offset (KIP-101), oldest first; immutable. Both columns rise strictly, so an epoch
 * ends where the next begins. Stored as Kafka's {@code leader-epoch-checkpoint}.
 */
public final class LeaderEpochs {
    public static final String FILE_NAME = "leader-epoch-checkpoint";
    public static final int NO_EPOCH = -1;
    public static final long NO_OFFSET = -1;

    public static final LeaderEpochs NONE = new LeaderEpochs(new int[0], new long[0]);

    private final int[] epochs;
    private final long[] startOffsets;

    private LeaderEpochs(int[] epochs, long[] startOffsets) {
        this.epochs = epochs;
        this.startOffsets = startOffsets;
    }

    public int count() {
        return epochs.length;
    }

    public int epoch(int n) {
        return epochs[n];
    }

    public long startOffset(int n) {
        return startOffsets[n];
    }

    /** {@link #NO_EPOCH} when there is none. */
    public int latestEpoch() {
        return epochs.length == 0 ? NO_EPOCH : epochs[epochs.length - 1];
    }

    /**
     * With {@code epoch} beginning at {@code startOffset}. Entries that begin at or above it had no records and give way
     * (KIP-279 keeps both columns rising); an epoch that is not above the latest changes nothing.
     */
    public LeaderEpochs begin(int epoch, long startOffset) {
        if (epoch <= latestEpoch()) {
            return this;
        }
        int kept = epochs.length;
        while (kept > 0 && startOffsets[kept - 1] >= startOffset) {
            kept--;
        }
        int[] newEpochs = Arrays.copyOf(epochs, kept + 1);
        long[] newStarts = Arrays.copyOf(startOffsets, kept + 1);
        newEpochs[kept] = epoch;
        newStarts[kept] = startOffset;
        return new LeaderEpochs(newEpochs, newStarts);
    }

    /** Without the epochs that begin at or above {@code endOffset}. */
    public LeaderEpochs truncatedTo(long endOffset) {
        int kept = epochs.length;
        while (kept > 0 && startOffsets[kept - 1] >= endOffset) {
            kept--;
        }
        return kept == epochs.length
                ? this
                : new LeaderEpochs(Arrays.copyOf(epochs, kept), Arrays.copyOf(startOffsets, kept));
    }

    /** Without the epochs that end at or below {@code startOffset}; the one it falls into begins there. */
    public LeaderEpochs startingAt(long startOffset) {
        int dropped = 0;
        while (dropped + 1 < epochs.length && startOffsets[dropped + 1] <= startOffset) {
            dropped++;
        }
        if (epochs.length == 0 || (dropped == 0 && startOffsets[0] >= startOffset)) {
            return this;
        }
        int[] newEpochs = Arrays.copyOfRange(epochs, dropped, epochs.length);
        long[] newStarts = Arrays.copyOfRange(startOffsets, dropped, startOffsets.length);
        newStarts[0] = Math.max(newStarts[0], startOffset);
        return new LeaderEpochs(newEpochs, newStarts);
    }

    /** Index of the largest epoch at or below {@code epoch}; -1 when there is none. */
    public int floor(int epoch) {
        int n = epochs.length - 1;
        while (n >= 0 && epochs[n] > epoch) {
            n--;
        }
        return n;
    }

    /** The epoch that {@code offset} lies in, or {@link #NO_EPOCH}. */
    public int epochOf(long offset) {
        int n = epochs.length - 1;
        while (n >= 0 && startOffsets[n] > offset) {
            n--;
        }
        return n < 0 ? NO_EPOCH : epochs[n];
    }

    /** The text of {@code leader-epoch-checkpoint}. */
    public String encode() {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < epochs.length; i++) {
            lines.add(epochs[i] + " " + startOffsets[i]);
        }
        return CheckpointText.encode(lines);
    }

    /** @throws CorruptLogException when the text is not a checkpoint or its columns don't rise */
    public static LeaderEpochs parse(Path file, String text) throws CorruptLogException {
        List<String> lines = CheckpointText.parse(file, text);
        int[] epochs = new int[lines.size()];
        long[] startOffsets = new long[lines.size()];
        for (int i = 0; i < epochs.length; i++) {
            StringTokenizer columns = new StringTokenizer(lines.get(i));
            try {
                if (columns.countTokens() != 2) {
                    throw new NumberFormatException();
                }
                epochs[i] = Integer.parseInt(columns.nextToken());
                startOffsets[i] = Long.parseLong(columns.nextToken());
            } catch (NumberFormatException e) {
                throw new CorruptLogException(
                        file, -1, -1, "'" + lines.get(i) + "' is not an epoch and its start offset");
            }
            if (i > 0 && (epochs[i] <= epochs[i - 1] || startOffsets[i] <= startOffsets[i - 1])) {
                throw new CorruptLogException(
                        file, -1, startOffsets[i], "epoch " + epochs[i] + " is not above the one before it");
            }
        }
        return new LeaderEpochs(epochs, startOffsets);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LeaderEpochs that
                && Arrays.equals(epochs, that.epochs)
                && Arrays.equals(startOffsets, that.startOffsets);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(epochs) + Arrays.hashCode(startOffsets);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("LeaderEpochs[");
        for (int i = 0; i < epochs.length; i++) {
            text.append(i == 0 ? "" : ", ").append(epochs[i]).append('@').append(startOffsets[i]);
        }
        return text.append(']').toString();
    }
}
