package io.odradek.broker.net;

import io.odradek.engine.FetchedSlices;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.RecordsSend;

/**
 * Fetched slices as a records field of a response. From {@link Reply#send} on the connection owns it, and closes it once,
 * when it is written or when the connection is gone. Closing: any thread.
 */
public final class SlicedRecords implements BaseRecords, AutoCloseable {

    private final FetchedSlices slices;
    private final int sizeBytes;
    private final Consumer<IOException> onUnreadable;
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * Takes the slices over.
     *
     * @param onUnreadable told on the network loop when their files can't be read while they are sent; the connection is closed
     *     then, because the response has begun
     */
    public SlicedRecords(FetchedSlices slices, Consumer<IOException> onUnreadable) {
        this.slices = slices;
        this.sizeBytes = slices.sizeBytes();
        this.onUnreadable = onUnreadable;
    }

    FetchedSlices slices() {
        return slices;
    }

    @Override
    public int sizeInBytes() {
        return sizeBytes;
    }

    void unreadable(IOException cause) {
        onUnreadable.accept(cause);
    }

    /** Never: the connection writes the slices itself. */
    @Override
    public RecordsSend<? extends BaseRecords> toSend() {
        throw new UnsupportedOperationException("slices leave through the connection");
    }

    /** Gives the slices up; closing twice is harmless. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            slices.close();
        }
    }

    /** Gives up what a response holds that will not be sent. */
    static void closeAll(ApiMessage response) {
        if (response instanceof FetchResponseData fetch) {
            fetch.responses()
                    .forEach(topic -> topic.partitions().forEach(partition -> {
                        if (partition.records() instanceof SlicedRecords records) {
                            records.close();
                        }
                    }));
        }
    }
}
