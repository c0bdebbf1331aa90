package io.odradek.spec.tlc;

/** What TLC says. */
sealed interface Verdict {
    record Holds() implements Verdict {}

    /** An invariant or an action property. */
    record UnsafeBy(String property) implements Verdict {}

    /**
     * Liveness, which TLC does not name, or a part of a refinement, of which it names the place.
     *
     * @param place empty for liveness
     */
    record Unnamed(String place) implements Verdict {
        boolean isLiveness() {
            return place.isEmpty();
        }
    }

    record Deadlock() implements Verdict {}

    /** It could not be checked. */
    record Failed(String message) implements Verdict {}

    /** It was ended before it had found anything. */
    record TooSlow(int limitSeconds) implements Verdict {}

    default String describe() {
        return switch (this) {
            case Holds() -> "holds";
            case UnsafeBy(String property) -> "violates " + property;
            case Unnamed(String place) when place.isEmpty() -> "violates liveness";
            case Unnamed(String place) -> "violates what is at " + place;
            case Deadlock() -> "deadlock";
            case Failed(String message) -> "could not be checked: " + message;
            case TooSlow(int limitSeconds) -> "not finished within " + limitSeconds + " s";
        };
    }
}
