/** What a crash may leave, and what becomes of it. */
@NullMarked
package io.odradek.engine.recovery;

import org.jspecify.annotations.NullMarked;
