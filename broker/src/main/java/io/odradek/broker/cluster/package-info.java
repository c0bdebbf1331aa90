/** This broker among the others: who decides, who leads, and what it tells and asks them. */
@NullMarked
package io.odradek.broker.cluster;

import org.jspecify.annotations.NullMarked;
