package io.odradek.spec.cluster;

/** Whatever has been read of a partition is deleted. */
record Deletion(String topic, int partition) implements Happening {
    @Override
    public String toString() {
        return "what was read of " + topic + "-" + partition + " is deleted";
    }
}
