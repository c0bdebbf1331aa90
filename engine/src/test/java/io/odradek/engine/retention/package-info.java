/** Which segments go. */
@NullMarked
package io.odradek.engine.retention;

import org.jspecify.annotations.NullMarked;
