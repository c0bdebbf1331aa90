/** What waiting for a partition promises. */
@NullMarked
package io.odradek.broker.partition;

import org.jspecify.annotations.NullMarked;
