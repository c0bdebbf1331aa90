package io.odradek.engine.record;

/**
 * What is wrong with one record of a refused batch (KIP-467).
 *
 * @param batchIndex the record's place in its batch, from 0
 */
public record RecordError(int batchIndex, String message) {}
