/** A partition on this broker: its machine, its waiters, and what readers may see. */
@NullMarked
package io.odradek.broker.partition;

import org.jspecify.annotations.NullMarked;
