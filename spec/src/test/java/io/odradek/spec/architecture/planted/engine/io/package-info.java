/** Keeps the rules: here files are allowed. */
@NullMarked
package io.odradek.spec.architecture.planted.engine.io;

import org.jspecify.annotations.NullMarked;
