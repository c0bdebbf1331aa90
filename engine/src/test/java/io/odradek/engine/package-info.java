/** The properties that logs, views and readers keep. */
@NullMarked
package io.odradek.engine;

import org.jspecify.annotations.NullMarked;
