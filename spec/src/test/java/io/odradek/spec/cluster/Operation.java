package io.odradek.spec.cluster;

import java.util.HashSet;
import java.util.List;

/** Something that an operator asks of the cluster, at good moments and bad ones. */
sealed interface Operation extends Happening {

    /** What it is about. */
    String topic();

    /** Whether it may be done at all. What may not has to be refused by whoever is asked. */
    default boolean allowed() {
        return true;
    }

    record CreateTopic(String topic, int partitions, int replicationFactor) implements Operation {
        @Override
        public boolean allowed() {
            return replicationFactor <= SimulatedCluster.NODES;
        }

        @Override
        public String toString() {
            return "an operator creates " + topic + " with " + partitions + " partitions of " + replicationFactor
                    + " replicas";
        }
    }

    record DeleteTopic(String topic) implements Operation {
        @Override
        public String toString() {
            return "an operator deletes " + topic;
        }
    }

    record SetConfig(String topic, String key, String value) implements Operation {
        @Override
        public boolean allowed() {
            return !value.isEmpty() && !value.equals("0");
        }

        @Override
        public String toString() {
            return "an operator sets " + key + "=" + value + " for " + topic;
        }
    }

    /** @param count how many there are to be */
    record AddPartitions(String topic, int count) implements Operation {
        @Override
        public String toString() {
            return "an operator wants " + count + " partitions of " + topic;
        }
    }

    /** @param replicas in order of preference */
    record Reassign(String topic, int partition, List<Integer> replicas) implements Operation {
        public Reassign {
            replicas = List.copyOf(replicas);
        }

        @Override
        public boolean allowed() {
            return new HashSet<>(replicas).size() == replicas.size()
                    && replicas.stream().allMatch(id -> id < SimulatedCluster.NODES);
        }

        @Override
        public String toString() {
            return "an operator reassigns " + topic + "-" + partition + " to " + replicas;
        }
    }

    record CancelReassignment(String topic, int partition) implements Operation {
        @Override
        public String toString() {
            return "an operator cancels the reassignment of " + topic + "-" + partition;
        }
    }

    /** The first of its replicas is to lead. */
    record ElectPreferred(String topic, int partition) implements Operation {
        @Override
        public String toString() {
            return "an operator has the preferred leader of " + topic + "-" + partition + " elected";
        }
    }
}
