package io.odradek.engine.producer;

/**
 * Where a producer wrote last: what must stay of it in a log, so that its next retry is not taken for new (KIP-98).
 *
 * @param lastOffset of its last batch with data in this epoch; -1 when it has written only a marker
 */
public record LastBatch(short producerEpoch, long lastOffset) {}
