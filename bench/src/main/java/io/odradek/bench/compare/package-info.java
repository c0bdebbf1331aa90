/** Whole brokers side by side: Odradek and Apache Kafka as processes, the same stock clients, alternating runs. */
@NullMarked
package io.odradek.bench.compare;

import org.jspecify.annotations.NullMarked;
