package io.odradek.broker.quota;

/** What quotas bound. */
enum QuotaKind {
    PRODUCER("producer_byte_rate"),
    CONSUMER("consumer_byte_rate"),
    REQUEST("request_percentage"),
    MUTATIONS("controller_mutation_rate"),
    CONNECTIONS("connection_creation_rate");

    private final String key;

    QuotaKind(String key) {
        this.key = key;
    }

    /** As in the metadata and in Kafka's tools. */
    String key() {
        return key;
    }
}
