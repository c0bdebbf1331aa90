package io.odradek.engine.producer;

/**
 * What a log knows of one producer, as DescribeProducers (KIP-664) shows it.
 *
 * @param lastSequence of the last record; -1 when none is known in this epoch
 * @param lastTimestamp largest timestamp of the last batch, in ms; -1 when unknown
 * @param coordinatorEpoch of the last transaction marker; -1 before the first
 * @param currentTxnStartOffset first offset of the open transaction; -1 when none is open
 */
public record ProducerState(
        long producerId,
        short producerEpoch,
        int lastSequence,
        long lastTimestamp,
        int coordinatorEpoch,
        long currentTxnStartOffset) {}
