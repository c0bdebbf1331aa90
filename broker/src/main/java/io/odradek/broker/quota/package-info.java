/** What clients may use of this broker, and how long they have to wait when they used more (KIP-13, 124, 219, 546, 599, 612). */
@NullMarked
package io.odradek.broker.quota;

import org.jspecify.annotations.NullMarked;
