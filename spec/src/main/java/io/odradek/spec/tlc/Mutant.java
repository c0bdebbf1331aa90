package io.odradek.spec.tlc;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Optional;

/**
 * A known mistake, built into the specification by a flag.
 *
 * @param check the same as the control's, but for the flags
 * @param fate what has to become of it
 * @param controlProfile when the same bounds with no flag are checked
 */
@RecordBuilder
record Mutant(
        String name,
        Optional<String> id,
        Model base,
        Check check,
        Fate fate,
        Profile profile,
        Optional<Profile> controlProfile,
        int controlLimitSeconds,
        int unreducedLimitSeconds,
        Optional<HiddenBy> hiddenBy,
        String cites,
        String story) {

    /** What has to become of a mutant. */
    sealed interface Fate {
        record Dies(String property) implements Fate {}

        /** @param reason why nothing can fail */
        record Survives(String reason) implements Fate {}
    }

    /** Where the mistake cannot be seen, and why. */
    sealed interface HiddenBy {
        record Reductions(String reason) implements HiddenBy {}

        record FullStates(String reason) implements HiddenBy {}
    }
}
