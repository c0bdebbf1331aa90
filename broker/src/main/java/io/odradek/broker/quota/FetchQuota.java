package io.odradek.broker.quota;

import org.jspecify.annotations.Nullable;

/** What consumers may fetch ({@code consumer_byte_rate}). Any thread. */
public interface FetchQuota {

    FetchQuota NONE = new FetchQuota() {
        @Override
        public long mostBytes(@Nullable String clientId) {
            return Long.MAX_VALUE;
        }

        @Override
        public Verdict fetched(@Nullable String clientId, long bytes) {
            return Verdict.SEND;
        }
    };

    /**
     * What becomes of an answer.
     *
     * @param throttleMs what it says, and for how long the client's connection is not read afterwards
     * @param isWithheld it is sent without its records (KIP-219), which have not been counted; the client asks again
     */
    record Verdict(int throttleMs, boolean isWithheld) {
        static final Verdict SEND = new Verdict(0, false);
    }

    /** More than what may pass in ten seconds is not worth reading. */
    long mostBytes(@Nullable String clientId);

    /** @param bytes of records that are ready to be sent */
    Verdict fetched(@Nullable String clientId, long bytes);
}
