package io.odradek.spec.architecture.planted.util;

/** Planted: a package without an idea. */
final class Strings {
    static String blank() {
        return "";
    }

    private Strings() {}
}
