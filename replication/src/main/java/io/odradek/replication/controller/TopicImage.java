package io.odradek.replication.controller;

import java.util.List;
import java.util.UUID;

/** A topic; its partitions are numbered by their place in the list. */
public record TopicImage(String name, UUID id, List<PartitionImage> partitions) {}
