/** Which old segments go, and when. */
@NullMarked
package io.odradek.engine.retention;

import org.jspecify.annotations.NullMarked;
