package io.odradek.replication.controller;

import java.util.List;

/**
 * What a request leads to.
 *
 * @param atomic whether the records have to be committed together; when not, any prefix of them is a state from which the same
 *     request, made again, goes on
 */
record Decision(List<MetadataRecord> records, ControllerReply reply, boolean atomic) {

    static Decision atomic(List<MetadataRecord> records, ControllerReply reply) {
        return new Decision(List.copyOf(records), reply, true);
    }

    static Decision only(ControllerReply reply) {
        return new Decision(List.of(), reply, true);
    }
}
