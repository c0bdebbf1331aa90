/** What each API key means: one handler per request. */
@NullMarked
package io.odradek.broker.request;

import org.jspecify.annotations.NullMarked;
