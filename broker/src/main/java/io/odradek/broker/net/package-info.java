/** Sockets: framing, order of replies, back-pressure. The only package that knows Netty. */
@NullMarked
package io.odradek.broker.net;

import org.jspecify.annotations.NullMarked;
