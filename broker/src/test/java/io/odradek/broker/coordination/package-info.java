/** Tests of the coordinator's loop and of the bytes it writes. */
@NullMarked
package io.odradek.broker.coordination;

import org.jspecify.annotations.NullMarked;
