package io.odradek.broker.cli;

import io.odradek.broker.Formatting;
import io.odradek.broker.Formatting.InitialController;
import io.odradek.broker.config.BrokerConfig;
import io.odradek.engine.io.DiskFileStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.common.Uuid;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code odradek storage}: what Kafka's {@code kafka-storage} does, as far as it is needed. */
@Command(
        name = "storage",
        description = "Prepares the log directories of a node that is one of several.",
        subcommands = {StorageCommand.Format.class, StorageCommand.RandomUuid.class},
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true)
final class StorageCommand {

    @Command(
            name = "format",
            description = {
                "Makes the empty log directories of a node those of a cluster.",
                "A node that is alone needs no formatting; 'odradek start' does it.",
                "Controllers that vote first are all given with the same --initial-controllers, once, and never again"
                        + " for a disk that was replaced: such a node is formatted with --no-initial-controllers,"
                        + " started, and added."
            },
            mixinStandardHelpOptions = true)
    static final class Format implements Callable<Integer> {
        @Spec
        private CommandSpec spec = CommandSpec.create();

        @Option(
                names = {"-c", "--config"},
                required = true,
                paramLabel = "FILE",
                description = "Kafka's server.properties")
        private Path file = Path.of("");

        @Option(
                names = {"-t", "--cluster-id"},
                required = true,
                paramLabel = "ID",
                description = "of the cluster, the same on every node; 'odradek storage random-uuid' makes one")
        private String clusterId = "";

        @Option(
                names = {"-I", "--initial-controllers"},
                paramLabel = "id@host:port:directory,...",
                split = ",",
                description = "who votes first, each with the id its metadata directory is to get")
        private List<String> initial = List.of();

        @Option(
                names = {"-N", "--no-initial-controllers"},
                description = "a node that joins a cluster that is there")
        private boolean none;

        @Override
        public Integer call() throws IOException {
            if (initial.isEmpty() != none) {
                throw new CommandLine.ParameterException(
                        spec.commandLine(), "either --initial-controllers or --no-initial-controllers has to be given");
            }
            List<InitialController> controllers = new ArrayList<>();
            for (String text : initial) {
                InitialController controller = InitialController.parse(text);
                if (controller == null) {
                    throw new CommandLine.ParameterException(
                            spec.commandLine(),
                            "--initial-controllers: " + text + " is not understood; allowed: id@host:port:directory,..."
                                    + " with ids as 'odradek storage random-uuid' makes them");
                }
                controllers.add(controller);
            }
            BrokerConfig config = BrokerConfig.load(file, Map.of());
            Formatting.format(config, new DiskFileStore(), clusterId, controllers);
            System.out.println("formatted " + config.logDirectories() + " for node " + config.nodeId() + " of cluster "
                    + clusterId);
            return 0;
        }
    }

    @Command(
            name = "random-uuid",
            description = "Prints an id for a cluster or a directory.",
            mixinStandardHelpOptions = true)
    static final class RandomUuid implements Callable<Integer> {
        @Override
        public Integer call() {
            System.out.println(Uuid.randomUuid());
            return 0;
        }
    }

    StorageCommand() {}
}
