package io.odradek.broker.coordination;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The partitions of {@code __consumer_offsets} that this broker leads, as the coordinator needs them. */
public interface OffsetsLog {

    /** How an append ended. */
    enum Outcome {
        /** Below the high watermark. */
        COMMITTED,
        /** Not appended: this broker does not lead the partition in that epoch. */
        NOT_LEADER,
        /** Not appended: fewer in-sync replicas than {@code min.insync.replicas}. */
        NOT_ENOUGH_REPLICAS,
        /** Not appended: above {@code max.message.bytes} of the topic. */
        TOO_LARGE,
        /** Not appended: the write path is full just now. */
        OVERLOADED,
        /** It may or may not be in the log, now or later: storage failed, or leadership was lost meanwhile. */
        UNKNOWN
    }

    interface Completion {
        /** Called exactly once for each append, from any thread, also from within {@link OffsetsLog#append}. */
        void completed(Outcome outcome);
    }

    /**
     * A record to append.
     *
     * @param value null for a tombstone
     */
    record KeyValue(ByteBuffer key, @Nullable ByteBuffer value, long timestampMs) {}

    interface RecordVisitor {
        /**
         * Buffers are valid during the call only.
         *
         * @param value null for a tombstone
         */
        void record(long offset, ByteBuffer key, @Nullable ByteBuffer value);
    }

    /**
     * Appends the records as one batch, with acks=all and as the given leader epoch. Appends of one partition are made in
     * call order. Does not block. Called from the coordinator's loop; the buffers are the log's.
     */
    void append(int partition, int leaderEpoch, List<KeyValue> records, Completion done);

    /**
     * Visits every data record from the log start to the log end as it is when called, in order; control records are
     * left out. Blocks; called from the loading thread.
     *
     * @throws IOException when the log cannot be read to its end; the partition then has no coordinator here
     */
    void read(int partition, int leaderEpoch, RecordVisitor visitor) throws IOException;

    /**
     * Tells when all that the log has now is committed: what was {@linkplain #read read} may be uncommitted, and gone with this broker. With anything
     * but {@link Outcome#COMMITTED} that is not known now, and is to be asked again. Any thread; does not block.
     */
    void awaitCommitted(int partition, Completion done);

    /**
     * Whether this broker may answer as the partition's leader, now, in that epoch: its lease holds. Else what it remembers may have been overtaken
     * by what another coordinator has promised. Any thread; does not block.
     */
    boolean leads(int partition, int leaderEpoch);

    /** {@code max.message.bytes} of the topic as it is now: the size of a whole batch. */
    int maxBatchBytes(int partition);
}
