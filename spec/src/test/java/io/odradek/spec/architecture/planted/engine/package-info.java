/** Breaks the rules of the engine. */
@NullMarked
package io.odradek.spec.architecture.planted.engine;

import org.jspecify.annotations.NullMarked;
