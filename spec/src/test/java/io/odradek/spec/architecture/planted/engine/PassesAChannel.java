package io.odradek.spec.architecture.planted.engine;

import java.nio.channels.FileChannel;

/** Keeps the rules: a file channel, passed on. */
record PassesAChannel(FileChannel channel) {}
