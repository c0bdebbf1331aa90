package io.odradek.replication.quorum;

import io.odradek.spec.stress.PlantedMistake;
import org.jspecify.annotations.Nullable;

/**
 * A mistake in the quorum's machine.
 *
 * @param bug the flag of {@code tla/core/Quorum*.models.json} that makes the same mistake in the specification; null where none does
 */
record QuorumMistake(PlantedMistake planted, @Nullable String bug, Fate fate) {

    /** What becomes of it. */
    sealed interface Fate {

        /**
         * A check notices it.
         *
         * @param unit whether a test of {@code QuorumMachineTest} does
         * @param histories of how many one does, from seed 0 on; 0 when none need do
         * @param seeds the same of histories beside the specification
         */
        record Noticed(boolean unit, int histories, int seeds) implements Fate {
            public Noticed {
                if (!unit && histories == 0 && seeds == 0) {
                    throw new IllegalArgumentException("noticed by nothing");
                }
            }
        }

        /** @param reason why no check can tell */
        record Equivalent(String reason) implements Fate {}
    }

    String what() {
        return planted.what();
    }

    /** By its place and what is wrong: patterns fit it. */
    String name() {
        String file = planted.source();
        return "quorum: " + file.substring(file.lastIndexOf('/') + 1, file.lastIndexOf('.')) + ": " + what();
    }
}
