/** server.properties: keys, defaults, and what is refused. */
@NullMarked
package io.odradek.broker.config;

import org.jspecify.annotations.NullMarked;
