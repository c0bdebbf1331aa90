package io.odradek.engine.record;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A record taken out of its batch, with bytes of its own. For the topics the broker itself reads, and for tests. */
public record StoredRecord(
        long offset, long timestamp, byte @Nullable [] key, byte @Nullable [] value, List<Header> headers) {}
