package io.odradek.engine.record;

/** @param batchIndex which record of the batch, from 0 (KIP-467) */
public record RecordError(int batchIndex, String message) {}
