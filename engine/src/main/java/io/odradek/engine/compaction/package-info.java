/** Keeps the last value of each key: what may be cleaned, what stays of it, and how it takes the old segments' place. */
@NullMarked
package io.odradek.engine.compaction;

import org.jspecify.annotations.NullMarked;
