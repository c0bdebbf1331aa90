package io.odradek.broker.config;

import io.odradek.engine.writepath.Shard;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.jspecify.annotations.Nullable;

/**
 * A broker's configuration, checked as a whole: whoever holds one need not check again. Immutable; any thread. Kafka's {@code
 * server.properties}, read more strictly: Kafka passes over keys it does not know, here they are refused, because a misspelt
 * {@code min.insync.replicas} is a lost record.
 */
public final class BrokerConfig {
    /** Where each thread of a shard can have a processor: docs/decisions/0001. */
    private static final int PROCESSORS_FOR_SEPARATE_STAGES = 8;

    /** Names, and both kinds of addresses. */
    private static final Pattern HOST = Pattern.compile("[0-9a-zA-Z._%:-]+");

    private static final Pattern COUNT = Pattern.compile("[0-9]{1,9}");

    private final Map<String, String> given;
    private final Map<String, @Nullable Object> values;
    private final Listeners listeners;
    private final QuorumConfig quorum;

    private BrokerConfig(
            Map<String, String> given, Map<String, @Nullable Object> values, Listeners listeners, QuorumConfig quorum) {
        this.given = given;
        this.values = values;
        this.listeners = listeners;
        this.quorum = quorum;
    }

    /** What {@code odradek start} runs without a file: one node, as in the file Kafka ships, with its data in ./data. */
    public static Map<String, String> builtIn() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("process.roles", "broker,controller");
        settings.put("node.id", "1");
        settings.put("listeners", "PLAINTEXT://:9092");
        settings.put("log.dirs", "./data");
        settings.put("offsets.topic.replication.factor", "1");
        settings.put("transaction.state.log.replication.factor", "1");
        settings.put("transaction.state.log.min.isr", "1");
        return settings;
    }

    /**
     * Reads a file in Java's properties format.
     *
     * @param overrides win over the file
     * @throws BrokerConfigException with every problem in it
     */
    public static BrokerConfig load(Path file, Map<String, String> overrides) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException e) {
            throw new UncheckedIOException("configuration file " + file + " can't be read", e);
        } catch (IllegalArgumentException e) {
            throw new BrokerConfigException(List.of(file + " is no properties file: " + e.getMessage()));
        }
        Map<String, String> settings = new HashMap<>();
        for (String key : properties.stringPropertyNames()) {
            settings.put(key, properties.getProperty(key));
        }
        settings.putAll(overrides);
        return of(settings);
    }

    /** {@link #builtIn()} with {@code overrides}. A single broker that is told nothing else advertises localhost. */
    public static BrokerConfig builtIn(Map<String, String> overrides) {
        Map<String, String> settings = builtIn();
        settings.putAll(overrides);
        String open = settings.get("listeners");
        if (open != null) {
            settings.putIfAbsent("advertised.listeners", open.replace("://:", "://localhost:"));
        }
        return of(settings);
    }

    /** As Kafka: with less, a pass would get nowhere. */
    private static final long LEAST_DEDUPE_BYTES = 1 << 20;

    /** @throws BrokerConfigException with every problem in it */
    public static BrokerConfig of(Map<String, String> settings) {
        List<String> problems = new ArrayList<>();
        Map<String, String> given = new TreeMap<>();
        Map<String, @Nullable Object> values = new HashMap<>();
        for (ConfigKey key : BrokerKeys.DEFINITION.configKeys().values()) {
            values.put(key.name, key.defaultValue);
        }
        for (Map.Entry<String, String> setting : new TreeMap<>(settings).entrySet()) {
            String name = setting.getKey();
            String value = setting.getValue().trim();
            ConfigKey key = BrokerKeys.DEFINITION.configKeys().get(withoutListener(name));
            if (key == null) {
                problems.add(name + "=" + value + ": no such key" + nearest(name));
                continue;
            }
            String problem = problem(key, value);
            if (problem != null) {
                problems.add(problem);
                continue;
            }
            given.put(name, value);
            if (key.name.equals(name)) {
                values.put(name, ConfigDef.parseType(name, value, key.type));
            }
        }
        Unsupported.check(given, values, problems);
        if (given.containsKey("broker.id") && values.get("broker.id") instanceof Integer id && id >= 0) {
            if (given.containsKey("node.id") && !id.equals(values.get("node.id"))) {
                problems.add("broker.id=" + id + ": differs from node.id=" + values.get("node.id")
                        + "; allowed: the same, or only one of them");
            }
            values.put("node.id", id);
        }
        Listeners listeners = Listeners.of(values, problems);
        checkTogether(values, problems);
        if (problems.isEmpty()) {
            QuorumConfig.check(values, listeners, problems);
        }
        if (!problems.isEmpty()) {
            throw new BrokerConfigException(problems);
        }
        return new BrokerConfig(
                Map.copyOf(given), values, listeners, QuorumConfig.of(values, listeners, new ArrayList<>()));
    }

    /** One key's value has to fit into another's so many times. */
    private static void atMost(
            Map<String, @Nullable Object> values, String key, String bound, int times, List<String> problems) {
        if (values.get(key) instanceof Number value
                && values.get(bound) instanceof Number most
                && value.longValue() > most.longValue() / times) {
            problems.add(key + "=" + value + ": allowed: at most " + (times == 1 ? "" : "1/" + times + " of ") + bound
                    + "=" + most);
        }
    }

    private static void checkTogether(Map<String, @Nullable Object> values, List<String> problems) {
        if (values.get("group.min.session.timeout.ms") instanceof Integer min
                && values.get("group.max.session.timeout.ms") instanceof Integer max
                && min > max) {
            problems.add(
                    "group.min.session.timeout.ms=" + min + ": allowed: at most group.max.session.timeout.ms=" + max);
        }
        atMost(values, "broker.heartbeat.interval.ms", "broker.session.timeout.ms", 2, problems);
        atMost(values, "replica.fetch.wait.max.ms", "replica.lag.time.max.ms", 1, problems);
        atMost(values, "replica.fetch.wait.max.ms", "replica.socket.timeout.ms", 1, problems);
        if (values.get("default.replication.factor") instanceof Integer replicas && replicas < 1) {
            problems.add("default.replication.factor=" + replicas + ": allowed: at least 1");
        }
        Object directories = values.get("log.dirs") != null ? values.get("log.dirs") : values.get("log.dir");
        if (directories instanceof List<?> list && (list.isEmpty() || new HashSet<>(list).size() != list.size())) {
            problems.add("log.dirs="
                    + String.join(",", list.stream().map(String::valueOf).toList())
                    + ": allowed: one directory or more, each once");
        }
        if (values.get("max.connections.per.ip.overrides") instanceof String overrides) {
            boolean any = !connectionOverrides(overrides, problems).isEmpty();
            if (Integer.valueOf(0).equals(values.get("max.connections.per.ip")) && !any) {
                problems.add("max.connections.per.ip=0: nobody could connect; allowed: at least 1, or 0 with"
                        + " max.connections.per.ip.overrides");
            }
        }
        if (values.get("log.cleaner.io.buffer.load.factor") instanceof Double factor && !(factor > 0 && factor < 1)) {
            problems.add("log.cleaner.io.buffer.load.factor=" + factor + ": allowed: above 0 and below 1");
        }
        if ("journal".equals(values.get("odradek.sync.strategy"))
                && Long.valueOf(0).equals(values.get("odradek.journal.bytes"))) {
            problems.add("odradek.journal.bytes=0: allowed: at least 1 MiB with odradek.sync.strategy=journal");
        }
        if (values.get("log.cleaner.io.max.bytes.per.second") instanceof Double rate && !(rate > 0)) {
            problems.add("log.cleaner.io.max.bytes.per.second=" + rate + ": allowed: above 0");
        }
        if (values.get("log.cleaner.dedupe.buffer.size") instanceof Long bytes
                && values.get("log.cleaner.threads") instanceof Integer threads
                && bytes / Math.max(1, threads) < LEAST_DEDUPE_BYTES) {
            problems.add("log.cleaner.dedupe.buffer.size=" + bytes + ": allowed: at least " + LEAST_DEDUPE_BYTES
                    + " for each of log.cleaner.threads=" + threads);
        }
        for (String retention : List.of("log.retention.ms", "log.retention.minutes", "log.retention.hours")) {
            if (values.get(retention) instanceof Number n && (n.longValue() == 0 || n.longValue() < -1)) {
                problems.add(retention + "=" + n + ": allowed: -1 (for ever) or at least 1");
            }
        }
    }

    /** Address or host name to count. As Kafka does, the count is what follows the last colon: addresses may have some. */
    private static Map<String, Integer> connectionOverrides(String text, List<String> problems) {
        Map<String, Integer> overrides = new LinkedHashMap<>();
        for (String entry : text.isBlank() ? new String[0] : text.split(",", -1)) {
            int colon = entry.lastIndexOf(':');
            String host = entry.substring(0, Math.max(colon, 0)).trim();
            String count = entry.substring(colon + 1).trim();
            if (!HOST.matcher(host).matches() || !COUNT.matcher(count).matches()) {
                problems.add("max.connections.per.ip.overrides=" + text + ": " + entry.trim()
                        + " is not understood; allowed: address:count,... with a count of 0 to 999999999");
            } else if (overrides.put(host, Integer.valueOf(count)) != null) {
                problems.add("max.connections.per.ip.overrides=" + text + ": allowed: each address once, " + host
                        + " is there twice");
            }
        }
        return overrides;
    }

    /** {@code listener.name.<listener>.<key>} is about {@code <key>}. */
    private static String withoutListener(String name) {
        if (name.startsWith("listener.name.")) {
            int dot = name.indexOf('.', "listener.name.".length());
            String inner = dot < 0 ? name : name.substring(dot + 1);
            int mechanism = inner.indexOf(".sasl.");
            inner = mechanism > 0 ? inner.substring(mechanism + 1) : inner;
            if (inner.startsWith("ssl.") || inner.startsWith("sasl.")) {
                return inner;
            }
        }
        return name;
    }

    /** What is wrong with the value, with what is allowed; null when nothing is. */
    static @Nullable String problem(ConfigKey key, String value) {
        String shown = key.name + "=" + (key.type == ConfigDef.Type.PASSWORD ? "[hidden]" : value);
        Object parsed;
        try {
            parsed = ConfigDef.parseType(key.name, value, key.type);
        } catch (ConfigException e) {
            return shown + ": not " + typeName(key.type) + allowed(key);
        }
        if (key.validator == null || parsed == null) {
            return null;
        }
        if (parsed instanceof List<?> list) {
            parsed = list.stream().distinct().toList(); // said twice is said once (KIP-1161)
        }
        try {
            key.validator.ensureValid(key.name, parsed);
            return null;
        } catch (ConfigException e) {
            return shown + ": not allowed" + allowed(key);
        }
    }

    private static String allowed(ConfigKey key) {
        String range = key.validator == null ? "" : key.validator.toString();
        return range.isEmpty()
                ? "; allowed: " + typeName(key.type)
                : "; allowed: " + typeName(key.type) + " of " + range;
    }

    private static String typeName(ConfigDef.Type type) {
        return switch (type) {
            case BOOLEAN -> "true or false";
            case INT, SHORT, LONG ->
                "a whole number (" + (type == ConfigDef.Type.INT ? "32" : type == ConfigDef.Type.SHORT ? "16" : "64")
                        + " bits)";
            case DOUBLE -> "a number";
            case LIST -> "a list";
            case CLASS -> "the name of a class on the class path";
            case STRING, PASSWORD -> "a text";
        };
    }

    private static String nearest(String name) {
        String best = "";
        int bestDistance = 4;
        for (String key : BrokerKeys.DEFINITION.names()) {
            int distance = editDistance(name, key);
            if (distance < bestDistance) {
                best = key;
                bestDistance = distance;
            }
        }
        return best.isEmpty()
                ? "; allowed: Kafka 4.3's broker keys and those under odradek."
                : "; did you mean " + best + "?";
    }

    private static int editDistance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }

    /**
     * Keys that were given, are accepted, and change nothing yet: for one warning at start. Not those that only say what
     * {@link #builtIn()} says, too.
     */
    public Set<String> withoutEffect() {
        Map<String, String> builtIn = builtIn();
        Set<String> names = new TreeSet<>();
        given.forEach((name, value) -> {
            if (BrokerKeys.WITHOUT_EFFECT.contains(withoutListener(name)) && !value.equals(builtIn.get(name))) {
                names.add(name);
            }
        });
        return names;
    }

    /** The settings as given, for DescribeConfigs; keys left at their default are not in it. */
    public Map<String, String> given() {
        return given;
    }

    @Nullable
    Object value(String key) {
        return values.get(key);
    }

    /** Parses a checked value of that key. */
    @Nullable
    Object parse(String key, String text) {
        return ConfigDef.parseType(key, text, keyNamed(key).type);
    }

    private static ConfigKey keyNamed(String key) {
        ConfigKey known = BrokerKeys.DEFINITION.configKeys().get(key);
        if (known == null) {
            throw new IllegalArgumentException("no such key: " + key);
        }
        return known;
    }

    /** Value of an integer key ({@code INT} or {@code SHORT}). */
    public int intValue(String key) {
        return Math.toIntExact(longValue(key));
    }

    /** Value of a numeric key. */
    public long longValue(String key) {
        if (values.get(key) instanceof Number n) {
            return n.longValue();
        }
        throw new IllegalArgumentException(key + " is no number: " + values.get(key));
    }

    /** Value of a key that need not be whole. */
    public double doubleValue(String key) {
        if (values.get(key) instanceof Number n) {
            return n.doubleValue();
        }
        throw new IllegalArgumentException(key + " is no number: " + values.get(key));
    }

    public boolean flag(String key) {
        if (values.get(key) instanceof Boolean b) {
            return b;
        }
        throw new IllegalArgumentException(key + " is not true or false: " + values.get(key));
    }

    /** Value of a text key; null when it has none. */
    public @Nullable String text(String key) {
        Object value = values.get(key);
        return value == null ? null : value.toString();
    }

    /** Value of a list key, empty when it has none. */
    public List<String> list(String key) {
        return values.get(key) instanceof List<?> list
                ? list.stream().map(String::valueOf).toList()
                : List.of();
    }

    public int nodeId() {
        return intValue("node.id");
    }

    /** Null: stands in no rack. */
    public @Nullable String rack() {
        return text("broker.rack");
    }

    /** At least one, each once, in the order given. */
    public List<Path> logDirectories() {
        List<String> directories = values.get("log.dirs") != null ? list("log.dirs") : list("log.dir");
        return directories.stream().map(Path::of).toList();
    }

    /** Where {@code __cluster_metadata-0} lives. */
    public Path metadataLogDirectory() {
        String directory = text("metadata.log.dir");
        return directory == null ? logDirectories().getFirst() : Path.of(directory);
    }

    /** Listeners to open for clients and brokers, in the order given. */
    public List<Listener> listeners() {
        return listeners.open();
    }

    /** What this node is, and what it is told of the metadata quorum. */
    public QuorumConfig quorum() {
        return quorum;
    }

    /** Listeners of {@code controller.listener.names}. */
    public List<Listener> controllerListeners() {
        return listeners.controller();
    }

    /** What clients are told, by listener name; port 0: the port the listener got. */
    public List<Listener> advertisedListeners() {
        return listeners.advertised();
    }

    public String interBrokerListener() {
        return listeners.interBroker();
    }

    public int defaultPartitions() {
        return intValue("num.partitions");
    }

    public int defaultReplicationFactor() {
        return intValue("default.replication.factor");
    }

    public boolean autoCreateTopics() {
        return flag("auto.create.topics.enable");
    }

    public boolean deleteTopics() {
        return flag("delete.topic.enable");
    }

    public int networkThreads() {
        return intValue("num.network.threads");
    }

    /** How many connections single addresses or host names may have, where that differs from {@code max.connections.per.ip}. */
    public Map<String, Integer> connectionOverrides() {
        return connectionOverrides(String.valueOf(text("max.connections.per.ip.overrides")), new ArrayList<>());
    }

    /** Received memory of each log directory that stays for readers at the tail. */
    public long recentBytes() {
        return longValue("odradek.recent.bytes");
    }

    /** What recovery may have to read of each log directory. */
    public long recoveryBytes() {
        return longValue("odradek.recovery.bytes");
    }

    public int shards() {
        return intValue("odradek.shards");
    }

    public int ringSlots() {
        return intValue("odradek.ring.slots");
    }

    public long ringBytes() {
        return longValue("odradek.ring.bytes");
    }

    static final long DEFAULT_JOURNAL_BYTES = 64L << 20;

    private static final long BLOCK_BYTES = 4096;

    /** Of each of the two halves of a shard's journal, in whole blocks of 4 KiB; 0 when there is to be none. */
    public long journalHalfBytes() {
        boolean wanted = syncStrategy().equals("auto") || syncStrategy().equals("journal");
        return wanted ? longValue("odradek.journal.bytes") / 2 / BLOCK_BYTES * BLOCK_BYTES : 0;
    }

    /** {@code auto}, {@code fdatasync}, {@code syncfs} or {@code journal}. */
    public String syncStrategy() {
        return String.valueOf(text("odradek.sync.strategy"));
    }

    /** {@code auto}, {@code block}, {@code yield} or {@code spin}. */
    public String waitStrategy() {
        return String.valueOf(text("odradek.wait.strategy"));
    }

    /** Who runs a shard's stages; {@code auto} is decided by the processors of this machine. */
    public Shard.Threads shardThreads(int processors) {
        return switch (String.valueOf(text("odradek.shard.threads"))) {
            case "separate" -> Shard.Threads.SEPARATE;
            case "shared" -> Shard.Threads.SHARED;
            case "lent" -> Shard.Threads.LENT;
            default -> processors < PROCESSORS_FOR_SEPARATE_STAGES ? Shard.Threads.LENT : Shard.Threads.SEPARATE;
        };
    }

    /** -1: no endpoint; 0: any free port. */
    public int metricsPort() {
        return intValue("odradek.metrics.port");
    }

    /** The listeners by what they are for. */
    record Listeners(
            List<Listener> open,
            List<Listener> controller,
            List<String> controllerNames,
            List<Listener> advertised,
            String interBroker) {

        static Listeners of(Map<String, @Nullable Object> values, List<String> problems) {
            Map<String, SecurityProtocol> protocols =
                    protocols(String.valueOf(values.get("listener.security.protocol.map")), problems);
            List<String> controllerNames = texts(values.get("controller.listener.names"));
            boolean isBroker = texts(values.get("process.roles")).contains("broker");
            List<Listener> open = new ArrayList<>();
            List<Listener> controller = new ArrayList<>();
            for (Listener listener : parse("listeners", texts(values.get("listeners")), protocols, problems)) {
                (controllerNames.contains(listener.name()) ? controller : open).add(listener);
            }
            if (open.isEmpty() && isBroker && problems.isEmpty()) {
                problems.add("listeners=" + String.join(",", texts(values.get("listeners")))
                        + ": no listener for clients; allowed: at least one that is not in controller.listener.names");
            }
            List<Listener> advertised = values.get("advertised.listeners") == null
                    ? open
                    : parse("advertised.listeners", texts(values.get("advertised.listeners")), protocols, problems)
                            .stream()
                            .filter(listener -> !controllerNames.contains(listener.name()))
                            .toList();
            for (Listener listener : advertised) {
                if (open.stream().noneMatch(each -> each.name().equals(listener.name())) && problems.isEmpty()) {
                    problems.add("advertised.listeners=" + listener.name() + "://" + listener.host() + ":"
                            + listener.port() + ": no listener has that name; allowed: "
                            + open.stream().map(Listener::name).toList());
                }
                if (values.get("advertised.listeners") != null
                        && listener.host().equals("0.0.0.0")) {
                    problems.add("advertised.listeners=" + listener.name() + "://0.0.0.0:" + listener.port()
                            + ": nobody can connect to 0.0.0.0; allowed: a host name or address that clients reach");
                }
            }
            String interBroker = values.get("inter.broker.listener.name") instanceof String name
                    ? name
                    : open.isEmpty() ? "" : open.getFirst().name();
            if (problems.isEmpty()
                    && isBroker
                    && open.stream().noneMatch(each -> each.name().equals(interBroker))) {
                problems.add("inter.broker.listener.name=" + interBroker + ": no such listener; allowed: "
                        + open.stream().map(Listener::name).toList());
            }
            return new Listeners(
                    List.copyOf(open),
                    List.copyOf(controller),
                    List.copyOf(controllerNames),
                    List.copyOf(advertised),
                    interBroker);
        }

        private static List<String> texts(@Nullable Object value) {
            return value instanceof List<?> list
                    ? list.stream().map(String::valueOf).toList()
                    : List.of();
        }

        private static Map<String, SecurityProtocol> protocols(String map, List<String> problems) {
            Map<String, SecurityProtocol> protocols = new HashMap<>();
            for (String entry : map.split(",", -1)) {
                String[] pair = entry.trim().split(":", 2);
                try {
                    protocols.put(
                            pair[0].trim().toUpperCase(Locale.ROOT),
                            SecurityProtocol.forName(pair[pair.length - 1].trim()));
                } catch (IllegalArgumentException e) {
                    problems.add("listener.security.protocol.map=" + map + ": " + entry
                            + " is not understood; allowed: NAME:PROTOCOL,... with a protocol of PLAINTEXT,"
                            + " SSL, SASL_PLAINTEXT, SASL_SSL");
                }
            }
            return protocols;
        }

        private static List<Listener> parse(
                String key, List<String> texts, Map<String, SecurityProtocol> protocols, List<String> problems) {
            List<Listener> listeners = new ArrayList<>();
            Set<String> names = new HashSet<>();
            Set<String> places = new HashSet<>();
            for (String text : texts) {
                Listener.Parsed parsed = Listener.parse(text.trim());
                if (parsed == null) {
                    problems.add(key + "=" + text
                            + ": not understood; allowed: NAME://host:port,... with a port of 0 to 65535");
                    continue;
                }
                SecurityProtocol protocol = protocols.get(parsed.name());
                if (protocol == null) {
                    problems.add(key + "=" + text + ": listener.security.protocol.map has no protocol for "
                            + parsed.name() + "; allowed: " + new TreeSet<>(protocols.keySet()));
                    continue;
                }
                if (protocol != SecurityProtocol.PLAINTEXT) {
                    problems.add(key + "=" + text + ": " + protocol + " is not supported yet; allowed: PLAINTEXT");
                    continue;
                }
                boolean samePlace = parsed.port() != 0 && !places.add(parsed.host() + ":" + parsed.port());
                if (!names.add(parsed.name()) || (samePlace && key.equals("listeners"))) {
                    problems.add(key + "=" + text + ": allowed: each name once, each host and port once");
                    continue;
                }
                listeners.add(new Listener(parsed.name(), protocol, parsed.host(), parsed.port()));
            }
            return listeners;
        }
    }
}
