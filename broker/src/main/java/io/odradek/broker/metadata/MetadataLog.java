package io.odradek.broker.metadata;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** The port to {@code __cluster_metadata-0}. What is behind it makes records durable before it says so. */
public interface MetadataLog {

    /**
     * Appends one record batch of these values; atomic: after a crash all of them are there or none. Called by the metadata loop
     * only; does not block it for long.
     *
     * @param whenDone called once, on any thread, in the order of the appends
     */
    void append(List<byte[]> records, Completion whenDone);

    /** What became of an append. */
    interface Completion {

        /** On disk, at {@code baseOffset} and following. */
        void durable(long baseOffset);

        /** Not known to be on disk, and nothing later will be: the log is closed to writing. */
        void failed(Throwable cause);
    }

    /**
     * Reads the log from its start to its end, in order. Before the first append; the caller's thread.
     *
     * @throws IOException when it can't be read
     */
    void replay(Visitor visitor) throws IOException;

    /** Sees each batch once. */
    interface Visitor {
        /** @param records values, valid during the call */
        void batch(long baseOffset, List<ByteBuffer> records);
    }
}
