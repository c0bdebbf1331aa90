package io.odradek.broker.net;

import io.odradek.engine.FetchedSlices;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.RecordsSend;

/**
 * The records field of a fetch response as it lies in files or in memory; no record of it becomes an object. Whoever writes
 * the response closes {@link #slices()} once.
 */
public record SlicedRecords(FetchedSlices slices) implements BaseRecords {

    @Override
    public int sizeInBytes() {
        return slices.sizeBytes();
    }

    /** Not how these leave: the network layer writes the slices itself. */
    @Override
    public RecordsSend<SlicedRecords> toSend() {
        throw new UnsupportedOperationException("slices are written by the connection");
    }
}
