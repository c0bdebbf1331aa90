package io.odradek.replication.controller;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a controller wants done, in list order. */
public sealed interface ControllerEffect {

    /** To whom, and what. */
    record Reply(long requestId, ControllerReply body) {}

    /**
     * Appends records, and when the last of them is committed releases the reply. Without records: releases the reply when all that
     * was appended before is committed, because that is what it speaks of.
     *
     * @param atomic one batch, which is committed as a whole or not at all; else they may be cut into batches anywhere
     */
    record AppendRecords(
            List<MetadataRecord> records,
            boolean atomic,
            @Nullable Reply onceCommitted) implements ControllerEffect {}
}
