package io.odradek.broker.config;

import io.odradek.replication.quorum.QuorumSettings;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a node is told of the metadata quorum: {@code process.roles} and {@code controller.quorum.*}, checked together as Kafka does.
 *
 * @param voters of {@code controller.quorum.voters}; empty where the metadata itself says who votes
 * @param bootstrapServers where the quorum is found; without ids
 * @param listener name of the listener at which servers of the quorum reach each other
 * @param alone whether nothing says that there are other controllers: then a new cluster may be begun here
 * @param requestTimeoutMs of a request to another server of the quorum
 */
public record QuorumConfig(
        boolean isBroker,
        boolean isController,
        List<Voter> voters,
        List<Address> bootstrapServers,
        String listener,
        boolean alone,
        QuorumSettings settings,
        int requestTimeoutMs) {

    /** One of {@code controller.quorum.voters}. */
    public record Voter(int id, Address address) {}

    public record Address(String host, int port) {}

    /** Kafka's names for the listener when none is configured. */
    private static final String UNNAMED_LISTENER = "CONTROLLER";

    private static final int LARGEST_PORT = 65_535;

    /** KafkaRaftClient's; a fetch waits no longer at a leader that has nothing new. */
    private static final int FETCH_MAX_WAIT_MS = 500;

    private static final Pattern VOTER = Pattern.compile("([0-9]{1,9})@(.+)");

    /** A host may be an IPv6 address in brackets. */
    private static final Pattern ADDRESS = Pattern.compile("(\\[[0-9a-fA-F:.%]+]|[^:\\[\\]/@,\\s]+):([0-9]{1,5})");

    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    static QuorumConfig of(
            Map<String, @Nullable Object> values, BrokerConfig.Listeners listeners, List<String> problems) {
        List<String> roles = texts(values.get("process.roles"));
        boolean isController = roles.contains("controller");
        List<Voter> voters = new ArrayList<>();
        Set<Integer> ids = new HashSet<>();
        for (String text : texts(values.get("controller.quorum.voters"))) {
            Matcher voter = VOTER.matcher(text.trim());
            Address address = voter.matches() ? address(voter.group(2)) : null;
            if (address == null || !ids.add(Integer.parseInt(voter.group(1)))) {
                problems.add("controller.quorum.voters=" + text
                        + ": not understood; allowed: id@host:port,... with each id once and a port of 1 to 65535");
            } else {
                voters.add(new Voter(Integer.parseInt(voter.group(1)), address));
            }
        }
        List<Address> bootstrap = new ArrayList<>();
        for (String text : texts(values.get("controller.quorum.bootstrap.servers"))) {
            Address address = address(text.trim());
            if (address == null) {
                problems.add("controller.quorum.bootstrap.servers=" + text
                        + ": not understood; allowed: host:port,... with a port of 1 to 65535");
            } else {
                bootstrap.add(address);
            }
        }
        int node = values.get("node.id") instanceof Integer id ? id : -1;
        boolean others = voters.stream().anyMatch(voter -> voter.id() != node)
                || bootstrap.stream().anyMatch(address -> !isOwn(address, listeners));
        int fetchTimeoutMs = milliseconds(values, "controller.quorum.fetch.timeout.ms");
        int requestTimeoutMs = milliseconds(values, "controller.quorum.request.timeout.ms");
        return new QuorumConfig(
                roles.contains("broker"),
                isController,
                List.copyOf(voters),
                List.copyOf(bootstrap),
                listeners.controllerNames().isEmpty()
                        ? UNNAMED_LISTENER
                        : listeners.controllerNames().getFirst(),
                isController && !others,
                new QuorumSettings(
                        fetchTimeoutMs,
                        milliseconds(values, "controller.quorum.election.timeout.ms"),
                        milliseconds(values, "controller.quorum.election.backoff.max.ms"),
                        milliseconds(values, "controller.quorum.retry.backoff.ms"),
                        Math.min(FETCH_MAX_WAIT_MS, Math.min(fetchTimeoutMs, requestTimeoutMs) / 2)),
                requestTimeoutMs);
    }

    /** As Kafka refuses it. */
    static void check(Map<String, @Nullable Object> values, BrokerConfig.Listeners listeners, List<String> problems) {
        List<String> roles = texts(values.get("process.roles"));
        boolean isController = roles.contains("controller");
        boolean isBroker = roles.contains("broker");
        if (roles.isEmpty()) {
            problems.add("process.roles=: allowed: broker, controller, or both");
        }
        QuorumConfig quorum = of(values, listeners, problems);
        int node = values.get("node.id") instanceof Integer id ? id : -1;
        boolean isVoter = quorum.voters.stream().anyMatch(voter -> voter.id() == node);
        String voters = "controller.quorum.voters=" + String.join(",", texts(values.get("controller.quorum.voters")));
        if (isController && !quorum.voters.isEmpty() && !isVoter) {
            problems.add(voters + ": this node is a controller by process.roles; allowed: voters with node.id=" + node
                    + " among them, or none");
        }
        if (!isController && isVoter) {
            problems.add(
                    voters + ": this node is no controller by process.roles; allowed: voters without node.id=" + node);
        }
        if (!isController && quorum.voters.isEmpty() && quorum.bootstrapServers.isEmpty()) {
            problems.add(
                    "controller.quorum.bootstrap.servers=: a broker has to know where the controllers are; allowed:"
                            + " host:port,..., or controller.quorum.voters");
        }
        if ((!isController || !isBroker || !quorum.alone || !quorum.voters.isEmpty())
                && listeners.controllerNames().isEmpty()) {
            problems.add("controller.listener.names=: allowed: at least one name, where the quorum is not one node"
                    + " that needs no address");
        }
        if (!isController && !listeners.controller().isEmpty()) {
            problems.add("controller.listener.names=" + String.join(",", listeners.controllerNames())
                    + ": a node that is no controller opens none; allowed: names that are not in listeners");
        }
        if (isController
                && !listeners.controllerNames().isEmpty()
                && listeners.controller().isEmpty()) {
            problems.add("controller.listener.names=" + String.join(",", listeners.controllerNames())
                    + ": allowed: at least one name that is in listeners, for process.roles=controller");
        }
        if (!isBroker && !listeners.open().isEmpty()) {
            problems.add("listeners: a node that is no broker opens listeners of controller.listener.names="
                    + String.join(",", listeners.controllerNames()) + " alone; allowed: those");
        }
    }

    private static boolean isOwn(Address address, BrokerConfig.Listeners listeners) {
        return listeners.controller().stream()
                .anyMatch(own -> own.port() == address.port()
                        && (own.host().equals(address.host()) || LOOPBACK.contains(address.host())));
    }

    private static @Nullable Address address(String text) {
        Matcher address = ADDRESS.matcher(text);
        if (!address.matches()) {
            return null;
        }
        int port = Integer.parseInt(address.group(2));
        return port < 1 || port > LARGEST_PORT ? null : new Address(address.group(1), port);
    }

    /** The machine wants 1 ms at least where Kafka takes 0. */
    private static int milliseconds(Map<String, @Nullable Object> values, String key) {
        return values.get(key) instanceof Number n ? Math.max(1, n.intValue()) : 1;
    }

    private static List<String> texts(@Nullable Object value) {
        return value instanceof List<?> list
                ? list.stream()
                        .map(String::valueOf)
                        .filter(text -> !text.isBlank())
                        .toList()
                : List.of();
    }
}
