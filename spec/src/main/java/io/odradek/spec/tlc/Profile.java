package io.odradek.spec.tlc;

/** When something is checked: with every build, or at night, when everything is. */
enum Profile {
    CI,
    NIGHTLY;

    boolean includes(Profile other) {
        return other.compareTo(this) <= 0;
    }

    static Profile named(String name) {
        return switch (name) {
            case "ci" -> CI;
            case "nightly" -> NIGHTLY;
            default -> throw new IllegalArgumentException("\"" + name + "\" is no profile: ci or nightly");
        };
    }
}
