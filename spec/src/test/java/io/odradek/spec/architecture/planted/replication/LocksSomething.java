package io.odradek.spec.architecture.planted.replication;

import java.util.concurrent.locks.ReentrantLock;

/** Planted: a lock. */
record LocksSomething(ReentrantLock lock) {}
