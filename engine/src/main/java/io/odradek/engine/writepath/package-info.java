/** A shard: one ring, and behind it append, sync and settle. */
@NullMarked
package io.odradek.engine.writepath;

import org.jspecify.annotations.NullMarked;
