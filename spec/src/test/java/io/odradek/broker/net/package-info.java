/** Received memory and who shares it, under stress. */
@NullMarked
package io.odradek.broker.net;

import org.jspecify.annotations.NullMarked;
