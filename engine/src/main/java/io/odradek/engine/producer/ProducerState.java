package io.odradek.engine.producer;

/**
 * What one log remembers of one producer, as DescribeProducers and snapshots show it.
 *
 * @param lastSequence of the last batch, inclusive; -1 when only control records are known
 * @param lastOffset of the last batch, inclusive; -1 when only control records are known
 * @param offsetDelta last offset minus base offset of the last batch
 * @param lastTimestamp largest timestamp of the last batch
 * @param coordinatorEpoch of the last transaction marker, -1: none
 * @param currentTransactionFirstOffset first offset of the open transaction, -1: none
 */
public record ProducerState(
        long producerId,
        short producerEpoch,
        int lastSequence,
        long lastOffset,
        int offsetDelta,
        long lastTimestamp,
        int coordinatorEpoch,
        long currentTransactionFirstOffset) {}
