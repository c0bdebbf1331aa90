/** Tests. */
@NullMarked
package io.odradek.broker.config;

import org.jspecify.annotations.NullMarked;
