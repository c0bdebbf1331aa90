package io.odradek.replication.controller;

import java.util.Comparator;

/** What a dynamic configuration belongs to. A broker's name is its id, or empty for the default of all brokers. */
public record ConfigResource(Type type, String name) implements Comparable<ConfigResource> {

    /** Kafka's resource types, with the ids they have in {@code ConfigRecord}. */
    public enum Type {
        TOPIC(2),
        BROKER(4),
        CLIENT_METRICS(16),
        GROUP(32);

        private final byte id;

        Type(int id) {
            this.id = (byte) id;
        }

        public byte id() {
            return id;
        }
    }

    private static final Comparator<ConfigResource> ORDER =
            Comparator.comparing(ConfigResource::type).thenComparing(ConfigResource::name);

    public static ConfigResource topic(String name) {
        return new ConfigResource(Type.TOPIC, name);
    }

    @Override
    public int compareTo(ConfigResource other) {
        return ORDER.compare(this, other);
    }
}
