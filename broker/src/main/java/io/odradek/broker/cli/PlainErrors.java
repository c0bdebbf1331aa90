package io.odradek.broker.cli;

import io.odradek.broker.config.BrokerConfigException;
import java.io.IOException;
import java.io.UncheckedIOException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/** Says what the world did wrong in a sentence; a stack trace only for what we did wrong ourselves. */
final class PlainErrors implements IExecutionExceptionHandler {

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) throws Exception {
        if (failure instanceof BrokerConfigException wrong) {
            command.getErr().println("odradek: " + wrong.getMessage());
        } else if (failure instanceof IOException || failure instanceof UncheckedIOException) {
            command.getErr().println("odradek: " + sentence(failure));
        } else {
            throw failure;
        }
        return command.getCommandSpec().exitCodeOnExecutionException();
    }

    /** What failed, and what the system said about it unless that is in there already. */
    private static String sentence(Exception failure) {
        String message = String.valueOf(failure.getMessage());
        Throwable cause = failure.getCause();
        String why = cause == null ? null : cause.getMessage();
        return why == null || message.contains(why) ? message : message + ": " + why;
    }
}
