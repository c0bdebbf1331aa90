/** Cleaning, against Kafka's own cleaner and against models. */
@NullMarked
package io.odradek.engine.compaction;

import org.jspecify.annotations.NullMarked;
