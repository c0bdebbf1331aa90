package io.odradek.broker.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.odradek.broker.quota.ClientBounds.Bound;
import io.odradek.replication.controller.QuotaEntity;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientBoundsTest {

    private static final String DEFAULT = "<default>";

    private record Row(
            QuotaEntity entity,
            @Nullable String sharedByUser,
            @Nullable String sharedByClientId) {}

    /** KIP-55's order for the client c of the user u, the first that there is holds; and who shares it. */
    private static final List<Row> TABLE = List.of(
            new Row(entity("u", "c"), "u", "c"),
            new Row(entity("u", DEFAULT), "u", "c"),
            new Row(entity("u", null), "u", null),
            new Row(entity(DEFAULT, "c"), "u", "c"),
            new Row(entity(DEFAULT, DEFAULT), "u", "c"),
            new Row(entity(DEFAULT, null), "u", null),
            new Row(entity(null, "c"), null, "c"),
            new Row(entity(null, DEFAULT), null, "c"));

    private static QuotaEntity entity(@Nullable String user, @Nullable String clientId) {
        List<QuotaEntity.Part> parts = new ArrayList<>();
        if (user != null) {
            parts.add(new QuotaEntity.Part("user", user.equals(DEFAULT) ? null : user));
        }
        if (clientId != null) {
            parts.add(new QuotaEntity.Part("client-id", clientId.equals(DEFAULT) ? null : clientId));
        }
        return new QuotaEntity(parts);
    }

    @Test
    void ofEverySetOfQuotasTheMostSpecificHolds() {
        for (int set = 0; set < 1 << TABLE.size(); set++) {
            Map<QuotaEntity, Double> bounds = new HashMap<>();
            for (int i = 0; i < TABLE.size(); i++) {
                if ((set & 1 << i) != 0) {
                    bounds.put(TABLE.get(i).entity(), (double) i + 1);
                }
            }
            Bound bound = ClientBounds.of(bounds).of("u", "c");
            if (set == 0) {
                assertThat(bound).isNull();
                continue;
            }
            int first = Integer.numberOfTrailingZeros(set);
            Row row = TABLE.get(first);
            assertThat(Objects.requireNonNull(bound).perSecond())
                    .as("of %s", bounds)
                    .isEqualTo(first + 1.0);
            assertThat(bound.share()).isEqualTo(new Share(row.sharedByUser(), row.sharedByClientId(), false));
        }
    }

    @Test
    void whatIsForOthersDoesNotHold() {
        ClientBounds bounds = ClientBounds.of(
                Map.of(entity("v", "c"), 1.0, entity("v", null), 1.0, entity("u", "d"), 1.0, entity(null, "d"), 1.0));
        assertThat(bounds.of("u", "c")).isNull();
    }

    @Test
    void aQuotaOfAddressesIsNoneOfClients() {
        QuotaEntity address = new QuotaEntity(List.of(new QuotaEntity.Part("ip", null)));
        assertThat(ClientBounds.of(Map.of(address, 1.0)).isEmpty()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "anything"})
    void everyClientHasTheDefaultWhateverItCallsItself(String clientId) {
        Bound bound = ClientBounds.of(Map.of(entity(null, DEFAULT), 7.0)).of("u", clientId);
        assertThat(Objects.requireNonNull(bound).share()).isEqualTo(new Share(null, clientId, false));
    }
}
