/** What is decided before processes are started. */
@NullMarked
package io.odradek.broker.cli;

import org.jspecify.annotations.NullMarked;
