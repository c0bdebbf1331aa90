package io.odradek.spec.architecture.planted.engine;

import io.netty.buffer.ByteBuf;

/** Planted: Netty. */
record HoldsABuffer(ByteBuf buffer) {}
