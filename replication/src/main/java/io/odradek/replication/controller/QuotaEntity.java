package io.odradek.replication.controller;

import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whom a quota is for (KIP-546). Parts stand in the order of their types, so equal entities are equal records. */
public record QuotaEntity(List<Part> parts) implements Comparable<QuotaEntity> {

    /**
     * @param type {@code user}, {@code client-id} or {@code ip}
     * @param name null: the default, for all that have no quota of their own
     */
    public record Part(String type, @Nullable String name) implements Comparable<Part> {

        private static final Comparator<Part> ORDER =
                Comparator.comparing(Part::type).thenComparing(Part::name, Comparator.nullsFirst(String::compareTo));

        @Override
        public int compareTo(Part other) {
            return ORDER.compare(this, other);
        }
    }

    public QuotaEntity {
        parts = parts.stream().sorted().toList();
    }

    @Override
    public int compareTo(QuotaEntity other) {
        for (int i = 0; i < Math.min(parts.size(), other.parts.size()); i++) {
            int order = parts.get(i).compareTo(other.parts.get(i));
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(parts.size(), other.parts.size());
    }
}
