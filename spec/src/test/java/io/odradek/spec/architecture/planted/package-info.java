/** A small house in which every rule is broken once, so that each is seen to find what it looks for. Used by nobody. */
@NullMarked
package io.odradek.spec.architecture.planted;

import org.jspecify.annotations.NullMarked;
