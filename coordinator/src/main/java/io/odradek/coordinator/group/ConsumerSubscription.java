package io.odradek.coordinator.group;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The one look the coordinator takes into what members exchange: the topics a consumer subscribes to, so that offsets of
 * topics a living group no longer reads can expire (KIP-211) and be deleted (KIP-496).
 *
 * <pre>
 *  int16 version | int32 n, n × (int16 length, bytes) topics | ... whatever later versions added
 * </pre>
 */
final class ConsumerSubscription {

    /** The protocol type of consumers; of other types nothing is known. */
    static final String PROTOCOL_TYPE = "consumer";

    private ConsumerSubscription() {}

    /** The topics named; null when the bytes are not a subscription. */
    static @Nullable Set<String> topics(Opaque subscription) {
        ByteBuffer in = ByteBuffer.wrap(subscription.bytes());
        try {
            if (in.getShort() < 0) {
                return null;
            }
            int count = in.getInt();
            if (count < 0 || count > in.remaining() / Short.BYTES) {
                return null;
            }
            Set<String> topics = new LinkedHashSet<>();
            for (int i = 0; i < count; i++) {
                int length = in.getShort();
                if (length < 0) {
                    return null;
                }
                byte[] name = new byte[length];
                in.get(name);
                topics.add(new String(name, StandardCharsets.UTF_8));
            }
            return topics;
        } catch (BufferUnderflowException notASubscription) {
            return null;
        }
    }
}
