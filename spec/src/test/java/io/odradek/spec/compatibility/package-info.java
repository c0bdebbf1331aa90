/** Real processes, real clients: what a user of Kafka would see. */
@NullMarked
package io.odradek.spec.compatibility;

import org.jspecify.annotations.NullMarked;
