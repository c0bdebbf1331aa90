package io.odradek.spec.architecture.planted.replication;

import org.slf4j.LoggerFactory;

/** Planted: a logger. */
final class LogsALine {
    static void log() {
        LoggerFactory.getLogger(LogsALine.class).info("line");
    }

    private LogsALine() {}
}
