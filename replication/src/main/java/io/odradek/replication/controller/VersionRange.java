package io.odradek.replication.controller;

/** Levels of a feature that a broker supports, both inclusive. */
public record VersionRange(short min, short max) {

    public boolean contains(short level) {
        return min <= level && level <= max;
    }
}
