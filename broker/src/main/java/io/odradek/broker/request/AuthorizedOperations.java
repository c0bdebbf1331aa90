package io.odradek.broker.request;

import java.util.List;
import org.apache.kafka.common.acl.AclOperation;

/** What a client may do, as a bit field (KIP-430). Without an authorizer that is everything the resource knows. */
final class AuthorizedOperations {

    /** Kafka's value for "not asked for". */
    static final int OMITTED = Integer.MIN_VALUE;

    static final int ON_TOPIC = bits(List.of(
            AclOperation.READ,
            AclOperation.WRITE,
            AclOperation.CREATE,
            AclOperation.DESCRIBE,
            AclOperation.DELETE,
            AclOperation.ALTER,
            AclOperation.DESCRIBE_CONFIGS,
            AclOperation.ALTER_CONFIGS));

    static final int ON_CLUSTER = bits(List.of(
            AclOperation.CREATE,
            AclOperation.CLUSTER_ACTION,
            AclOperation.DESCRIBE_CONFIGS,
            AclOperation.ALTER_CONFIGS,
            AclOperation.IDEMPOTENT_WRITE,
            AclOperation.ALTER,
            AclOperation.DESCRIBE));

    private static int bits(List<AclOperation> operations) {
        int bits = 0;
        for (AclOperation operation : operations) {
            bits |= 1 << operation.code();
        }
        return bits;
    }

    private AuthorizedOperations() {}
}
