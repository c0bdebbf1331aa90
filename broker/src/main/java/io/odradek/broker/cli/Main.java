package io.odradek.broker.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code ./odradek start | log | storage | version}, as the launcher calls it. */
@Command(
        name = "odradek",
        description = "A replicated log that speaks the Kafka protocol.",
        subcommands = {
            StartCommand.class,
            LogCommand.class,
            StorageCommand.class,
            VersionCommand.class,
            RehearseCommand.class
        },
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.class)
public final class Main {
    private Main() {}

    /** Exits with 0 when all went well, 1 when it did not, 2 when it was called wrongly. */
    public static void main(String[] args) {
        CommandLine command = new CommandLine(new Main());
        command.setExecutionExceptionHandler(new PlainErrors());
        System.exit(args.length == 0 ? command.execute("--help") : command.execute(args));
    }
}
