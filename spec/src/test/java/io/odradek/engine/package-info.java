/** What a log shares with its readers, under stress. */
@NullMarked
package io.odradek.engine;

import org.jspecify.annotations.NullMarked;
