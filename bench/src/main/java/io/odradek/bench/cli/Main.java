package io.odradek.bench.cli;

import io.odradek.bench.compare.CompareCommand;
import io.odradek.bench.jmh.JmhCommand;
import io.odradek.bench.soak.SoakCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code ./odradek bench}. */
@Command(
        name = "odradek bench",
        description = "Measures.",
        subcommands = {CompareCommand.class, JmhCommand.class, SoakCommand.class},
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
public final class Main {
    private Main() {}

    /** Runs one command; exits with 0, 1 when it failed, or 2 when it was called wrongly. */
    public static void main(String[] args) {
        CommandLine command = new CommandLine(new Main());
        System.exit(args.length == 0 ? command.execute("--help") : command.execute(args));
    }
}
