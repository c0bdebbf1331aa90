package io.odradek.spec.cluster;

import java.util.regex.Pattern;

/**
 * How a history went wrong.
 *
 * @param cause what was thrown
 * @param atMs when in virtual time
 * @param history the last of what happened, and how things were then
 */
record Failure(Throwable cause, long atMs, String history) {
    private static final Pattern NUMBER = Pattern.compile("\\d+");

    /** The property's name, a colon, and what is known of it. */
    String says() {
        String message = cause.getMessage();
        return cause instanceof AssertionError && message != null ? message : cause.toString();
    }

    /** What it has in common with other failures by the same cause, most likely: the property's name, or what it says without its numbers. */
    String kind() {
        String first = says().lines().findFirst().orElse("");
        int colon = first.indexOf(':');
        return NUMBER.matcher(colon < 0 ? first : first.substring(0, colon)).replaceAll("#");
    }
}
