/** Breaks the rules of pure code. */
@NullMarked
package io.odradek.spec.architecture.planted.coordinator;

import org.jspecify.annotations.NullMarked;
