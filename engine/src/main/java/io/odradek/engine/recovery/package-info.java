/** How a log is opened: as a clean stop has left it, or as a crash has. */
@NullMarked
package io.odradek.engine.recovery;

import org.jspecify.annotations.NullMarked;
