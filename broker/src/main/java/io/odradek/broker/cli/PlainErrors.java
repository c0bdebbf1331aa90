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
        Throwable cause = failure instanceof UncheckedIOException unchecked ? unchecked.getCause() : failure;
        switch (cause) {
            case BrokerConfigException wrong -> command.getErr().println("odradek: " + wrong.getMessage());
            case IOException broken -> command.getErr().println("odradek: " + sentence(failure, broken));
            default -> throw failure;
        }
        return command.getCommandSpec().exitCodeOnExecutionException();
    }

    private static String sentence(Exception failure, IOException broken) {
        String message = failure.getMessage() == null ? broken.toString() : failure.getMessage();
        return failure == broken || message.contains(String.valueOf(broken.getMessage()))
                ? message
                : message + ": " + broken.getMessage();
    }
}
