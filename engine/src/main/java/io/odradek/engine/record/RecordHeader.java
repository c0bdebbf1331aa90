package io.odradek.engine.record;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A record's header (KIP-82).
 *
 * @param key UTF-8 on the wire
 * @param value from position to limit; null is not the same as empty
 */
public record RecordHeader(String key, @Nullable ByteBuffer value) {}
