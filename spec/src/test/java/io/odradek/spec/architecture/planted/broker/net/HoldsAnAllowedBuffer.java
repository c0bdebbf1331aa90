package io.odradek.spec.architecture.planted.broker.net;

import io.netty.buffer.ByteBuf;

/** Keeps the rules: this is where Netty belongs. */
record HoldsAnAllowedBuffer(ByteBuf buffer) {}
