/** The metadata log, the controller's loop, and the cluster image every handler reads. */
@NullMarked
package io.odradek.broker.metadata;

import org.jspecify.annotations.NullMarked;
