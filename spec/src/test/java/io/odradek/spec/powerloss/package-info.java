/** The write path and recovery on a disk that loses power: what was acknowledged is there, and nothing else is. */
@NullMarked
package io.odradek.spec.powerloss;

import org.jspecify.annotations.NullMarked;
