/** Keeps the rules: here Netty is allowed. */
@NullMarked
package io.odradek.spec.architecture.planted.broker.net;

import org.jspecify.annotations.NullMarked;
