package io.odradek.engine.recovery;

import io.odradek.engine.producer.ProducerStates;
import io.odradek.engine.segment.ActiveSegment;
import io.odradek.engine.segment.LeaderEpochs;
import io.odradek.engine.segment.SealedSegment;
import java.util.List;

/**
 * What a log is opened with.
 *
 * @param sealed oldest first
 * @param recoveryPoint exclusive; bytes below it are known to be durable
 * @param epochsOnDisk what {@code leader-epoch-checkpoint} says; differs from {@code epochs} when it has to be written
 * @param producers as of {@code logEndOffset}
 * @param scannedBytes read to find all this
 */
public record RecoveredLog(
        List<SealedSegment> sealed,
        ActiveSegment active,
        long logStartOffset,
        long logEndOffset,
        LeaderEpochs epochs,
        LeaderEpochs epochsOnDisk,
        ProducerStates producers,
        long recoveryPoint,
        long scannedBytes) {}
