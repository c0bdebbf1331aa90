/** A whole broker in this process. */
@NullMarked
package io.odradek.broker;

import org.jspecify.annotations.NullMarked;
