/** The sockets' properties. */
@NullMarked
package io.odradek.broker.net;

import org.jspecify.annotations.NullMarked;
