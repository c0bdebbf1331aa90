package io.odradek.engine.segment;

import io.odradek.engine.io.StoreFile;
import java.io.IOException;

/** A run of a log in one file, with its indexes. Any thread may read; the file stays open while a share is held. */
public sealed interface Segment permits ActiveSegment, SealedSegment {

    SegmentFiles files();

    default long baseOffset() {
        return files().baseOffset();
    }

    default StoreFile log() {
        return files().log();
    }

    /** Takes a share; false when the segment is no longer part of its log. */
    default boolean tryRetain() {
        return files().tryRetain();
    }

    default void release() {
        files().release();
    }

    OffsetIndex offsetIndex() throws IOException;

    TimeIndex timeIndex() throws IOException;
}
