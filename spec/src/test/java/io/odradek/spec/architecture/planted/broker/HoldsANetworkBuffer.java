package io.odradek.spec.architecture.planted.broker;

import io.netty.buffer.ByteBuf;

/** Planted: Netty outside the network. */
record HoldsANetworkBuffer(ByteBuf buffer) {}
