/** Breaks the rules of pure code. */
@NullMarked
package io.odradek.spec.architecture.planted.replication;

import org.jspecify.annotations.NullMarked;
