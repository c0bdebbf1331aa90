/** What a log remembers of its producers, so that a retry is not written twice. */
@NullMarked
package io.odradek.engine.producer;

import org.jspecify.annotations.NullMarked;
