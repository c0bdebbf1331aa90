/** The files of one log: segments, their indexes, and the leader epochs. */
@NullMarked
package io.odradek.engine.segment;

import org.jspecify.annotations.NullMarked;
