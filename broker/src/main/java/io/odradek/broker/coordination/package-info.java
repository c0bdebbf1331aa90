/** The group coordinator's loop and its topic. */
@NullMarked
package io.odradek.broker.coordination;

import org.jspecify.annotations.NullMarked;
