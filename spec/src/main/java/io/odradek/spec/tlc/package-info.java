/**
 * Runs TLC over {@code tla/}: what is to be checked is read from the files beside the modules, each check gets a JVM of its own, and
 * what it found is held against what was expected.
 */
@NullMarked
package io.odradek.spec.tlc;

import org.jspecify.annotations.NullMarked;
