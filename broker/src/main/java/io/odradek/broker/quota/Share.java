package io.odradek.broker.quota;

import org.jspecify.annotations.Nullable;

/**
 * Who uses a bound together. A quota of a user and a client id is each such client's own; one of a user is shared by all of that user's
 * clients, one of a client id by all users who call themselves so (KIP-55).
 *
 * @param user null: whoever
 * @param clientId null: whatever
 * @param crowd all that the same quota is for, where there are too many to tell apart
 */
record Share(@Nullable String user, @Nullable String clientId, boolean crowd) {}
