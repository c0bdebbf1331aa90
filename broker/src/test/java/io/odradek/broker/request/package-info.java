/** What the handlers promise to clients, over real logs and shards. */
@NullMarked
package io.odradek.broker.request;

import org.jspecify.annotations.NullMarked;
