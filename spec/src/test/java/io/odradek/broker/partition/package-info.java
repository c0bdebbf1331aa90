/** Waiting fetches and who wakes them, under stress. */
@NullMarked
package io.odradek.broker.partition;

import org.jspecify.annotations.NullMarked;
