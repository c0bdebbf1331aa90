/** The command line. */
@NullMarked
package io.odradek.broker.cli;

import org.jspecify.annotations.NullMarked;
