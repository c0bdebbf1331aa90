/** Tests. */
@NullMarked
package io.odradek.broker.request;

import org.jspecify.annotations.NullMarked;
