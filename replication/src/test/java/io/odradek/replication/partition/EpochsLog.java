package io.odradek.replication.partition;

import java.util.ArrayList;
import java.util.List;

/** A log of which only the epochs of its records are kept. */
final class EpochsLog implements ReplicaLog {

    private final List<Integer> epochs = new ArrayList<>();
    private long start;
    private long durableStart;

    /** Records of these epochs, from offset 0. */
    static EpochsLog of(int... epochs) {
        EpochsLog log = new EpochsLog();
        for (int epoch : epochs) {
            log.append(epoch, 1);
        }
        return log;
    }

    EpochsLog append(int epoch, int count) {
        for (int i = 0; i < count; i++) {
            epochs.add(epoch);
        }
        return this;
    }

    EpochsLog cut(long to) {
        epochs.subList((int) to, epochs.size()).clear();
        return this;
    }

    /** The records before {@code offset} are deleted, and a crash would bring them back. */
    EpochsLog delete(long offset) {
        start = offset;
        return this;
    }

    EpochsLog startAt(long offset) {
        while (epochs.size() < offset) {
            epochs.add(NO_EPOCH);
        }
        start = offset;
        durableStart = offset;
        return this;
    }

    @Override
    public long logStartOffset() {
        return start;
    }

    @Override
    public long durableLogStart() {
        return durableStart;
    }

    @Override
    public long logEndOffset() {
        return epochs.size();
    }

    @Override
    public int lastEpoch() {
        return start == epochs.size() ? NO_EPOCH : epochs.getLast();
    }

    @Override
    public EpochEnd endOfEpoch(int epoch) {
        int found = NO_EPOCH;
        for (int offset = (int) start; offset < epochs.size(); offset++) {
            if (epochs.get(offset) > epoch) {
                return new EpochEnd(found, offset);
            }
            found = epochs.get(offset);
        }
        return new EpochEnd(found, epochs.size());
    }
}
