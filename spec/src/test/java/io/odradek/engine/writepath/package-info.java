/** The hand-over between the stages of the write path, under stress. */
@NullMarked
package io.odradek.engine.writepath;

import org.jspecify.annotations.NullMarked;
