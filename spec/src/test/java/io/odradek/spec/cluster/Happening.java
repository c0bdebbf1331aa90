package io.odradek.spec.cluster;

/** What a plan has at a time: something that befalls the cluster, or that somebody asks of it. */
sealed interface Happening permits Fault, Operation, Deletion, VoterChange, MemberChange {}
