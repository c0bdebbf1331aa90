/** The directions of the house, kept by rules; and, under {@code planted}, one violation for each rule. */
@NullMarked
package io.odradek.spec.architecture;

import org.jspecify.annotations.NullMarked;
