/** What to do with a log's tail after a crash. */
@NullMarked
package io.odradek.engine.recovery;

import org.jspecify.annotations.NullMarked;
