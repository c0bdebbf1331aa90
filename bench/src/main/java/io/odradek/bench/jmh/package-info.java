/**
 * Parts of the engine under JMH, beside Apache Kafka's log, Chronicle Queue, Aeron Archive, a raw file and what the machine can
 * do at all: {@code ./odradek bench jmh}.
 *
 * <p>A benchmark class is one measure, a method of it one system; the figures of one class with the same parameters are peers
 * ({@link Comparison}). {@link Suite} lists the measures and what each aims at.
 */
@NullMarked
package io.odradek.bench.jmh;

import org.jspecify.annotations.NullMarked;
