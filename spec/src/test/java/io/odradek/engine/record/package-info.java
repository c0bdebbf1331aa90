/** Batches in memory that is counted, for the stress tests. */
@NullMarked
package io.odradek.engine.record;

import org.jspecify.annotations.NullMarked;
