/** The segment files, against Kafka's own readers. */
@NullMarked
package io.odradek.engine.segment;

import org.jspecify.annotations.NullMarked;
