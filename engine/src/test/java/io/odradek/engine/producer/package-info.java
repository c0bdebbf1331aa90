/** Tests of what a log remembers of its producers. */
@NullMarked
package io.odradek.engine.producer;

import org.jspecify.annotations.NullMarked;
