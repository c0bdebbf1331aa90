/** What a shard promises, in one thread by seed and in many by load. */
@NullMarked
package io.odradek.engine.writepath;

import org.jspecify.annotations.NullMarked;
