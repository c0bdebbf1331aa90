/** The models and mutants under {@code tla/}, checked with every build; and that the runner notices what it is there to notice. */
@NullMarked
package io.odradek.spec.tlc;

import org.jspecify.annotations.NullMarked;
