package io.odradek.broker.config;

import static org.apache.kafka.common.config.ConfigDef.Importance.HIGH;
import static org.apache.kafka.common.config.ConfigDef.Importance.LOW;
import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Range.atLeast;
import static org.apache.kafka.common.config.ConfigDef.Range.between;
import static org.apache.kafka.common.config.ConfigDef.Type.BOOLEAN;
import static org.apache.kafka.common.config.ConfigDef.Type.DOUBLE;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.LIST;
import static org.apache.kafka.common.config.ConfigDef.Type.LONG;
import static org.apache.kafka.common.config.ConfigDef.Type.SHORT;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import io.odradek.engine.LogConfig;
import io.odradek.engine.LogDirectory;
import io.odradek.engine.RecoveryBound;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.apache.kafka.common.config.ConfigDef.ValidList;
import org.apache.kafka.common.config.ConfigDef.ValidString;
import org.apache.kafka.common.config.ConfigException;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a broker's file: Kafka's names, types, ranges and defaults where Kafka has them, ours under {@code odradek.}.
 * Defaults are Kafka's but for what a person who starts a single broker with no file wants; those are in {@link
 * BrokerConfig#builtIn}.
 */
final class BrokerKeys {

    private static final int NETWORK_THREADS = Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, 3);

    /** Every key that is accepted. */
    static final ConfigDef DEFINITION = new ConfigDef();

    /** Keys that can be set while the broker runs, and have no place in its file, as in Kafka. */
    static final ConfigDef DYNAMIC_ONLY = throttles();

    /** Those of the file that change nothing yet. */
    static final Set<String> WITHOUT_EFFECT;

    static {
        identity(DEFINITION);
        sockets(DEFINITION);
        topics(DEFINITION);
        logs(DEFINITION);
        groups(DEFINITION);
        replicas(DEFINITION);
        own(DEFINITION);
        WITHOUT_EFFECT = Collections.unmodifiableSet(defineWithoutEffect(DEFINITION));
    }

    private static ConfigDef throttles() {
        return new ConfigDef()
                .define(
                        "leader.replication.throttled.rate",
                        LONG,
                        Long.MAX_VALUE,
                        atLeast(0),
                        MEDIUM,
                        "Bytes per second that this broker sends of partitions named by"
                                + " leader.replication.throttled.replicas to replicas that are not in sync.")
                .define(
                        "follower.replication.throttled.rate",
                        LONG,
                        Long.MAX_VALUE,
                        atLeast(0),
                        MEDIUM,
                        "Bytes per second that this broker fetches of partitions named by"
                                + " follower.replication.throttled.replicas while it is not in sync with them.")
                .define(
                        "replica.alter.log.dirs.io.max.bytes.per.second",
                        LONG,
                        Long.MAX_VALUE,
                        atLeast(0),
                        MEDIUM,
                        "Bytes per second of replicas that are moved between log directories. There are no such moves"
                                + " yet.");
    }

    /** A key that can be configured while the broker runs or in its file; null when there is none. */
    static @Nullable ConfigKey known(String name) {
        ConfigKey key = DEFINITION.configKeys().get(name);
        return key != null ? key : DYNAMIC_ONLY.configKeys().get(name);
    }

    private static void identity(ConfigDef def) {
        def.define(
                        "process.roles",
                        LIST,
                        "broker,controller",
                        ValidList.in("broker", "controller"),
                        HIGH,
                        "What this process is: broker, controller or both.")
                .define("node.id", INT, 1, atLeast(0), HIGH, "This node's id, unique in the cluster.")
                .define("broker.id", INT, -1, HIGH, "The older name of node.id; both may be given when they agree.")
                .define(
                        "broker.rack",
                        STRING,
                        null,
                        MEDIUM,
                        "Where this broker stands; replicas are spread over racks.")
                .define(
                        "controller.quorum.voters",
                        LIST,
                        "",
                        HIGH,
                        "The metadata quorum, as id@host:port,...; empty where its own records say who votes.")
                .define(
                        "controller.quorum.bootstrap.servers",
                        LIST,
                        "",
                        HIGH,
                        "Where the metadata quorum is found, as host:port,...; a quorum of one does not need it.")
                .define(
                        "controller.listener.names",
                        LIST,
                        "",
                        HIGH,
                        "Listeners for the quorum's own traffic; a quorum of one does not need any.")
                .define(
                        "controller.quorum.election.timeout.ms",
                        INT,
                        1000,
                        atLeast(0),
                        HIGH,
                        "How long an election may take before the next; up to as much again is added by lot.")
                .define(
                        "controller.quorum.fetch.timeout.ms",
                        INT,
                        2000,
                        atLeast(0),
                        HIGH,
                        "Without an answer from the leader for so long a follower looks for another; without a fetch"
                                + " from a majority for half as long again a leader resigns.")
                .define(
                        "controller.quorum.election.backoff.max.ms",
                        INT,
                        1000,
                        atLeast(0),
                        HIGH,
                        "How long whoever lost an election may wait before the next, by lot.")
                .define(
                        "controller.quorum.request.timeout.ms",
                        INT,
                        2000,
                        atLeast(0),
                        MEDIUM,
                        "Of a request to another server of the quorum.")
                .define(
                        "controller.quorum.retry.backoff.ms",
                        INT,
                        20,
                        atLeast(0),
                        LOW,
                        "Between a request that failed and the next to the same server of the quorum.")
                .define(
                        "metadata.log.max.record.bytes.between.snapshots",
                        LONG,
                        20_971_520L,
                        atLeast(1),
                        HIGH,
                        "Of metadata records; after so many a snapshot takes their place.")
                .define(
                        "metadata.log.max.snapshot.interval.ms",
                        LONG,
                        3_600_000L,
                        atLeast(0),
                        HIGH,
                        "A snapshot is taken after so long if there is anything new; 0: never because of the time.")
                .define(
                        "metadata.log.segment.bytes",
                        INT,
                        1_073_741_824,
                        atLeast(8 << 20),
                        HIGH,
                        "Largest segment of the metadata log; below 64 MiB it is 64 MiB, which one batch may need.")
                .define(
                        "metadata.log.segment.ms",
                        LONG,
                        604_800_000L,
                        HIGH,
                        "After so long the metadata log begins a new segment.")
                .define(
                        "inter.broker.listener.name",
                        STRING,
                        null,
                        MEDIUM,
                        "Listener that brokers use among themselves; the first one when not given.");
    }

    private static void sockets(ConfigDef def) {
        def.define(
                        "listeners",
                        LIST,
                        "PLAINTEXT://:9092",
                        HIGH,
                        "Where to listen: NAME://host:port,... An empty host is every interface.")
                .define(
                        "advertised.listeners",
                        LIST,
                        null,
                        HIGH,
                        "What clients are told to connect to, by listener name; the listeners themselves when not"
                                + " given.")
                .define(
                        "listener.security.protocol.map",
                        STRING,
                        "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT",
                        LOW,
                        "Security protocol of each listener name.")
                .define(
                        "num.network.threads",
                        INT,
                        NETWORK_THREADS,
                        atLeast(1),
                        HIGH,
                        "Network loops. Unless given, half as many as there are processors, but 1 at least and Kafka's"
                                + " 3 at most: a loop does the work of Kafka's network and request threads together.")
                .define("socket.send.buffer.bytes", INT, 102400, HIGH, "SO_SNDBUF; -1 leaves it to the kernel.")
                .define("socket.receive.buffer.bytes", INT, 102400, HIGH, "SO_RCVBUF; -1 leaves it to the kernel.")
                .define(
                        "socket.request.max.bytes",
                        INT,
                        104857600,
                        atLeast(1),
                        HIGH,
                        "Largest request; a larger one closes its connection.")
                .define(
                        "socket.listen.backlog.size",
                        INT,
                        50,
                        atLeast(1),
                        MEDIUM,
                        "Connections the kernel may hold before they are accepted.")
                .define(
                        "connections.max.idle.ms",
                        LONG,
                        600_000L,
                        MEDIUM,
                        "A connection without a request for so long is closed.")
                .define(
                        "max.connections",
                        INT,
                        Integer.MAX_VALUE,
                        atLeast(0),
                        MEDIUM,
                        "Connections in all; beyond it, new ones wait to be accepted until one leaves.")
                .define(
                        "max.connections.per.ip",
                        INT,
                        Integer.MAX_VALUE,
                        atLeast(0),
                        MEDIUM,
                        "Connections from one address; one more is closed at once. 0 only with"
                                + " max.connections.per.ip.overrides.")
                .define(
                        "max.connections.per.ip.overrides",
                        STRING,
                        "",
                        MEDIUM,
                        "Exceptions to max.connections.per.ip: address:count,... where the address may be a host name,"
                                + " which is looked up once, at the start.")
                .define(
                        "queued.max.request.bytes",
                        LONG,
                        -1L,
                        MEDIUM,
                        "Bytes of requests in progress before sockets are no longer read; -1: twice"
                                + " odradek.ring.bytes.")
                .define(
                        "max.incremental.fetch.session.cache.slots",
                        INT,
                        1000,
                        atLeast(0),
                        MEDIUM,
                        "Fetch sessions kept (KIP-227).")
                .define("fetch.max.bytes", INT, 55 * 1024 * 1024, atLeast(1024), MEDIUM, "Largest answer to one fetch.")
                .define(
                        "max.request.partition.size.limit",
                        INT,
                        2000,
                        atLeast(1),
                        MEDIUM,
                        "Partitions in one answer to DescribeTopicPartitions.");
    }

    private static void topics(ConfigDef def) {
        def.define("num.partitions", INT, 1, atLeast(1), MEDIUM, "Partitions of a topic whose creator does not say.")
                .define("default.replication.factor", INT, 1, MEDIUM, "Replicas of a topic whose creator does not say.")
                .define(
                        "auto.create.topics.enable",
                        BOOLEAN,
                        true,
                        HIGH,
                        "Whether a client that asks for a topic creates it.")
                .define("delete.topic.enable", BOOLEAN, true, HIGH, "Whether topics can be deleted.")
                .define(
                        "min.insync.replicas",
                        INT,
                        1,
                        atLeast(1),
                        HIGH,
                        "In-sync replicas without which acks=all is refused.")
                .define(
                        "unclean.leader.election.enable",
                        BOOLEAN,
                        false,
                        HIGH,
                        "Whether a replica that may lack acknowledged records can become leader.")
                .define("message.max.bytes", INT, 1_048_588, atLeast(0), HIGH, "Largest record batch.")
                .define(
                        "compression.type",
                        STRING,
                        "producer",
                        ValidString.in("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"),
                        HIGH,
                        "Codec of stored batches; producer keeps what was sent.")
                .define(
                        "compression.gzip.level",
                        INT,
                        -1,
                        TopicConfigs.GZIP_LEVEL,
                        MEDIUM,
                        "Level when compression.type is gzip.")
                .define("compression.lz4.level", INT, 9, between(1, 17), MEDIUM, "Level when compression.type is lz4.")
                .define(
                        "compression.zstd.level",
                        INT,
                        3,
                        between(-131072, 22),
                        MEDIUM,
                        "Level when compression.type is zstd.")
                .define(
                        "producer.id.expiration.ms",
                        INT,
                        86_400_000,
                        atLeast(1),
                        LOW,
                        "An idempotent producer silent for so long is forgotten.")
                .define(
                        "producer.id.expiration.check.interval.ms",
                        INT,
                        600_000,
                        atLeast(1),
                        LOW,
                        "How often silent producers are looked for.");
    }

    private static void logs(ConfigDef def) {
        def.define("log.dir", LIST, "/tmp/kafka-logs", HIGH, "Data directories, when log.dirs does not say.")
                .define("log.dirs", LIST, null, HIGH, "Data directories.")
                .define(
                        "metadata.log.dir",
                        STRING,
                        null,
                        HIGH,
                        "Directory of the metadata log; the first of log.dirs when not given.")
                .define(
                        "log.segment.bytes",
                        INT,
                        1 << 30,
                        atLeast(1024 * 1024),
                        HIGH,
                        "A segment of this size is closed and a new one begun.")
                .define("log.roll.ms", LONG, null, HIGH, "A segment of this age is closed; before log.roll.hours.")
                .define("log.roll.hours", INT, 168, atLeast(1), HIGH, "A segment of this age is closed.")
                .define("log.roll.jitter.ms", LONG, null, HIGH, "Random part of the age; before log.roll.jitter.hours.")
                .define("log.roll.jitter.hours", INT, 0, atLeast(0), HIGH, "Random part of the age.")
                .define(
                        "log.retention.ms",
                        LONG,
                        null,
                        HIGH,
                        "How long records are kept; -1 for ever; before minutes and hours.")
                .define("log.retention.minutes", INT, null, HIGH, "How long records are kept; before hours.")
                .define("log.retention.hours", INT, 168, HIGH, "How long records are kept.")
                .define("log.retention.bytes", LONG, -1L, HIGH, "How much of a partition is kept; -1 without limit.")
                .define(
                        "log.retention.check.interval.ms",
                        LONG,
                        300_000L,
                        atLeast(1),
                        MEDIUM,
                        "How often retention is looked at.")
                .define(
                        "log.initial.task.delay.ms",
                        LONG,
                        30_000L,
                        atLeast(0),
                        LOW,
                        "Retention and checkpoints wait so long after the start, or one period when that is shorter.")
                .define(
                        "log.cleanup.policy",
                        LIST,
                        "delete",
                        TopicConfigs.CLEANUP_POLICY,
                        MEDIUM,
                        "delete, compact or both.")
                .define(
                        "log.cleaner.delete.retention.ms",
                        LONG,
                        86_400_000L,
                        atLeast(0),
                        MEDIUM,
                        "How long tombstones are kept.")
                .define(
                        "log.cleaner.min.compaction.lag.ms",
                        LONG,
                        0L,
                        atLeast(0),
                        MEDIUM,
                        "Records younger than this are not compacted.")
                .define(
                        "log.cleaner.max.compaction.lag.ms",
                        LONG,
                        Long.MAX_VALUE,
                        atLeast(1),
                        MEDIUM,
                        "Records older than this are.")
                .define(
                        "log.cleaner.min.cleanable.ratio",
                        DOUBLE,
                        0.5,
                        between(0, 1),
                        MEDIUM,
                        "Dirty share of a log that is worth compacting.")
                .define("log.cleaner.enable", BOOLEAN, true, MEDIUM, "Compacts the logs of topics that ask for it.")
                .define("log.cleaner.threads", INT, 1, atLeast(0), MEDIUM, "Logs that are compacted at a time.")
                .define(
                        "log.cleaner.io.max.bytes.per.second",
                        DOUBLE,
                        Double.MAX_VALUE,
                        MEDIUM,
                        "What compaction reads and writes, all threads together.")
                .define(
                        "log.cleaner.dedupe.buffer.size",
                        LONG,
                        134_217_728L,
                        MEDIUM,
                        "Memory outside the heap for where each key was written last, all threads together: 24 bytes a"
                                + " key. Taken as needed, for one pass.")
                .define(
                        "log.cleaner.io.buffer.size",
                        INT,
                        524_288,
                        atLeast(0),
                        MEDIUM,
                        "Memory for what compaction reads and writes, all threads together.")
                .define(
                        "log.cleaner.io.buffer.load.factor",
                        DOUBLE,
                        0.9,
                        MEDIUM,
                        "How full the memory for keys may become: more keys fit, and finding one takes longer.")
                .define(
                        "log.cleaner.backoff.ms",
                        LONG,
                        15_000L,
                        atLeast(0),
                        MEDIUM,
                        "When there is nothing to compact, look again after this time.")
                .define(
                        "log.segment.delete.delay.ms",
                        LONG,
                        60_000L,
                        atLeast(0),
                        HIGH,
                        "Files are deleted so long after they went out of use.")
                .define(
                        "log.index.size.max.bytes",
                        INT,
                        10 * 1024 * 1024,
                        atLeast(4),
                        MEDIUM,
                        "Largest index of a segment.")
                .define("log.index.interval.bytes", INT, 4096, atLeast(0), MEDIUM, "Bytes between two index entries.")
                .define(
                        "log.flush.interval.messages",
                        LONG,
                        Long.MAX_VALUE,
                        atLeast(1),
                        HIGH,
                        "Records of a partition after which it is synced before they are acknowledged.")
                .define(
                        "log.flush.interval.ms",
                        LONG,
                        null,
                        HIGH,
                        "Longest time records stay unsynced; log.flush.scheduler.interval.ms when not given.")
                .define(
                        "log.flush.scheduler.interval.ms",
                        LONG,
                        Long.MAX_VALUE,
                        HIGH,
                        "Stands in for log.flush.interval.ms.")
                .define(
                        "log.flush.offset.checkpoint.interval.ms",
                        INT,
                        60_000,
                        atLeast(0),
                        HIGH,
                        "How often recovery points are written down.")
                .define("log.preallocate", BOOLEAN, false, MEDIUM, "Whether segment files get their size when created.")
                .define(
                        "log.message.timestamp.type",
                        STRING,
                        "CreateTime",
                        ValidString.in("CreateTime", "LogAppendTime"),
                        MEDIUM,
                        "Whose clock record timestamps are from.")
                .define(
                        "log.message.timestamp.before.max.ms",
                        LONG,
                        Long.MAX_VALUE,
                        atLeast(0),
                        MEDIUM,
                        "Timestamps further back than this are refused.")
                .define(
                        "log.message.timestamp.after.max.ms",
                        LONG,
                        3_600_000L,
                        atLeast(0),
                        MEDIUM,
                        "Timestamps further ahead than this are refused.")
                .define(
                        "log.local.retention.ms",
                        LONG,
                        -2L,
                        atLeast(-2),
                        MEDIUM,
                        "Belongs to tiered storage, which is not there; checked only.")
                .define(
                        "log.local.retention.bytes",
                        LONG,
                        -2L,
                        atLeast(-2),
                        MEDIUM,
                        "Belongs to tiered storage, which is not there; checked only.")
                .define(
                        "num.recovery.threads.per.data.dir",
                        INT,
                        2,
                        atLeast(1),
                        HIGH,
                        "Logs recovered at the same time after a crash.")
                .define(
                        "replica.high.watermark.checkpoint.interval.ms",
                        LONG,
                        5_000L,
                        HIGH,
                        "How often high watermarks are written down.");
    }

    private static void groups(ConfigDef def) {
        def.define(
                        "group.min.session.timeout.ms",
                        INT,
                        6_000,
                        MEDIUM,
                        "Shortest session timeout a consumer may ask for.")
                .define(
                        "group.max.session.timeout.ms",
                        INT,
                        1_800_000,
                        MEDIUM,
                        "Longest session timeout a consumer may ask for.")
                .define(
                        "group.initial.rebalance.delay.ms",
                        INT,
                        3_000,
                        MEDIUM,
                        "How long an empty group waits for more members.")
                .define("group.max.size", INT, Integer.MAX_VALUE, atLeast(1), MEDIUM, "Members of one group.")
                .define("offset.metadata.max.bytes", INT, 4096, HIGH, "Largest text beside a committed offset.")
                .define(
                        "offsets.commit.timeout.ms",
                        INT,
                        5_000,
                        atLeast(1),
                        HIGH,
                        "How long a commit may wait to be durable.")
                .define(
                        "offsets.retention.minutes",
                        INT,
                        7 * 24 * 60,
                        atLeast(1),
                        HIGH,
                        "Offsets of a group empty for so long are dropped.")
                .define(
                        "offsets.retention.check.interval.ms",
                        LONG,
                        600_000L,
                        atLeast(1),
                        HIGH,
                        "How often those are looked for.")
                .define("offsets.topic.num.partitions", INT, 50, atLeast(1), HIGH, "Partitions of __consumer_offsets.")
                .define(
                        "offsets.topic.replication.factor",
                        SHORT,
                        (short) 3,
                        atLeast(1),
                        HIGH,
                        "Replicas of __consumer_offsets.")
                .define(
                        "offsets.topic.segment.bytes",
                        INT,
                        100 * 1024 * 1024,
                        atLeast(1),
                        HIGH,
                        "Segments of __consumer_offsets.")
                .define(
                        "offsets.topic.compression.codec",
                        INT,
                        0,
                        between(0, 4),
                        HIGH,
                        "Codec of __consumer_offsets: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.");
    }

    private static void replicas(ConfigDef def) {
        def.define(
                        "broker.session.timeout.ms",
                        INT,
                        1_000,
                        atLeast(1),
                        MEDIUM,
                        "A broker that the controller has not heard of for so long is fenced: others lead what it led."
                                + " Kafka's default is 9000; so is it here at least for a broker that nobody can join.")
                .define(
                        "broker.heartbeat.interval.ms",
                        INT,
                        200,
                        atLeast(1),
                        MEDIUM,
                        "Between two signs of life to the controller. Kafka's default is 2000.")
                .define(
                        "initial.broker.registration.timeout.ms",
                        INT,
                        60_000,
                        atLeast(0),
                        MEDIUM,
                        "A broker that no controller has registered for so long does not start.")
                .define(
                        "auto.leader.rebalance.enable",
                        BOOLEAN,
                        true,
                        HIGH,
                        "Whether leadership is given back to preferred replicas from time to time.")
                .define(
                        "leader.imbalance.check.interval.seconds",
                        LONG,
                        300L,
                        between(1, 1_000_000_000),
                        HIGH,
                        "How often it is looked for leadership to give back.")
                .define(
                        "leader.imbalance.per.broker.percentage",
                        INT,
                        10,
                        between(0, 100),
                        HIGH,
                        "Of the partitions that prefer a broker, so many may be led by others before they are given"
                                + " back to it.")
                .define(
                        "replica.lag.time.max.ms",
                        LONG,
                        30_000L,
                        between(1, Integer.MAX_VALUE),
                        HIGH,
                        "A follower that has not been at its leader's end for so long leaves the in-sync set.")
                .define(
                        "replica.selector.class",
                        STRING,
                        null,
                        new ReadReplicaSelectors(),
                        MEDIUM,
                        "Whom consumers are told to read from (KIP-392), by Kafka's name for it: the leader, or a"
                                + " replica in their rack.")
                .define(
                        "replica.fetch.max.bytes",
                        INT,
                        1 << 20,
                        atLeast(0),
                        MEDIUM,
                        "Of one partition in one answer to a follower; one larger batch comes all the same.")
                .define(
                        "replica.fetch.response.max.bytes",
                        INT,
                        10 << 20,
                        atLeast(0),
                        MEDIUM,
                        "Of one answer to a follower.")
                .define(
                        "replica.fetch.min.bytes",
                        INT,
                        1,
                        atLeast(0),
                        HIGH,
                        "What a leader waits for before it answers a follower.")
                .define(
                        "replica.fetch.wait.max.ms",
                        INT,
                        500,
                        atLeast(0),
                        HIGH,
                        "How long it waits for that; at most replica.lag.time.max.ms.")
                .define(
                        "replica.fetch.backoff.ms",
                        INT,
                        1_000,
                        atLeast(1),
                        MEDIUM,
                        "Before a follower asks again after a request that failed.")
                .define(
                        "replica.socket.timeout.ms",
                        INT,
                        30_000,
                        atLeast(1),
                        HIGH,
                        "Of a follower's request; at least replica.fetch.wait.max.ms.");
    }

    private static void own(ConfigDef def) {
        def.define(
                        TopicConfigs.DURABILITY,
                        STRING,
                        "sync",
                        TopicConfigs.DURABILITY_VALUES,
                        HIGH,
                        TopicConfigs.DURABILITY_DOC)
                .define(
                        TopicConfigs.APPEND_AHEAD,
                        INT,
                        LogConfig.DEFAULT_APPEND_AHEAD_BYTES,
                        TopicConfigs.APPEND_AHEAD_BYTES,
                        MEDIUM,
                        TopicConfigs.APPEND_AHEAD_DOC)
                .define(
                        "odradek.sync.strategy",
                        STRING,
                        "auto",
                        ValidString.in("auto", "fdatasync", "syncfs", "journal"),
                        MEDIUM,
                        "How a group of files is synced: by cost, file by file, the whole file system, or its bytes in"
                                + " the shard's journal.")
                .define(
                        "odradek.journal.bytes",
                        LONG,
                        BrokerConfig.DEFAULT_JOURNAL_BYTES,
                        new JournalBytes(),
                        MEDIUM,
                        "Size of each shard's journal, made when the first group of several files could use it: what it"
                                + " takes costs one write and one sync, and the files are synced later. 0: none.")
                .define(
                        "odradek.shards",
                        INT,
                        1,
                        between(1, 1024),
                        MEDIUM,
                        "Write paths side by side; a partition belongs to one.")
                .define(
                        "odradek.ring.slots",
                        INT,
                        8192,
                        PowerOfTwo.upTo(1 << 20),
                        MEDIUM,
                        "Batches in flight per shard; a power of two.")
                .define(
                        "odradek.ring.bytes",
                        LONG,
                        64L << 20,
                        atLeast(1 << 20),
                        MEDIUM,
                        "Bytes of batches in flight per shard; at the bound, sockets are no longer read.")
                .define(
                        "odradek.recent.bytes",
                        LONG,
                        LogDirectory.DEFAULT_RECENT_BYTES,
                        between(0, 1L << 40),
                        MEDIUM,
                        "Received batches of a log directory that stay in memory for consumers at the end of a log,"
                                + " each counted twice for the frame it came in; 0: none, consumers read files. Part of"
                                + " what queued.max.request.bytes bounds.")
                .define(
                        "odradek.recovery.bytes",
                        LONG,
                        RecoveryBound.DEFAULT_BYTES,
                        atLeast(1 << 20),
                        MEDIUM,
                        "What a start after a crash may have to read of a log directory: when more lies above the"
                            + " recovery points, they are brought forward by a checkpoint. While that runs, appends go"
                            + " on, and come on top.")
                .define(
                        "odradek.pipelined.requests",
                        INT,
                        64,
                        between(1, 65536),
                        MEDIUM,
                        "Requests of one connection that may be unanswered; at the bound it is not read until half are"
                                + " answered. Kafka works on one at a time.")
                .define(
                        "odradek.wait.strategy",
                        STRING,
                        "auto",
                        ValidString.in("auto", "block", "yield", "spin"),
                        LOW,
                        "How a shard's threads wait: auto blocks on small machines and yields first where there are"
                                + " cores to spare.")
                .define(
                        "odradek.shard.threads",
                        STRING,
                        "auto",
                        ValidString.in("auto", "separate", "shared", "lent"),
                        LOW,
                        "Who appends and settles for a shard: a separate thread each; one that they share; or, lent,"
                            + " that one and, while it sleeps and nothing needs a sync, the network thread that has"
                            + " received the batch. auto is lent on small machines, where a hand-over costs more than"
                            + " a write, else separate. Syncs always have a thread of their own.")
                .define(
                        "odradek.metrics.port",
                        INT,
                        -1,
                        between(-1, 65535),
                        MEDIUM,
                        "Port of the Prometheus endpoint; -1: none, 0: any free one.")
                .define("odradek.metrics.host", STRING, "localhost", LOW, "Interface of the Prometheus endpoint.")
                .define(
                        "odradek.lost.log.directories",
                        STRING,
                        "",
                        LOW,
                        "Ids of log directories that are gone for good, with commas between: what they held is made"
                                + " anew, empty.")
                .define(
                        "odradek.network.transport",
                        STRING,
                        "auto",
                        ValidString.in("auto", "io_uring", "epoll", "nio"),
                        LOW,
                        "How sockets are polled.");
    }

    /** Kafka's two, by their names: no class is loaded. */
    record ReadReplicaSelectors() implements ConfigDef.Validator {
        static final List<String> NAMES = List.of(
                "org.apache.kafka.common.replica.LeaderSelector",
                "org.apache.kafka.common.replica.RackAwareReplicaSelector");

        @Override
        public void ensureValid(String name, @Nullable Object value) {
            if (value != null && !NAMES.contains(String.valueOf(value))) {
                throw new ConfigException(name, value, "allowed: " + this);
            }
        }

        @Override
        public String toString() {
            return String.join(" or ", NAMES);
        }
    }

    /** A ring's size. */
    record PowerOfTwo(int max) implements ConfigDef.Validator {
        static PowerOfTwo upTo(int max) {
            return new PowerOfTwo(max);
        }

        @Override
        public void ensureValid(String name, @Nullable Object value) {
            if (!(value instanceof Integer n) || Integer.bitCount(n) != 1 || n < 2 || n > max) {
                throw new ConfigException(name, value, "must be " + this);
            }
        }

        @Override
        public String toString() {
            return "a power of two in [2,...," + max + "]";
        }
    }

    /** None, or large enough for groups and small enough to be read at a start. */
    record JournalBytes() implements ConfigDef.Validator {
        private static final long LEAST = 1 << 20;
        private static final long MOST = 1 << 30;

        @Override
        public void ensureValid(String name, @Nullable Object value) {
            if (!(value instanceof Long bytes) || (bytes != 0 && (bytes < LEAST || bytes > MOST))) {
                throw new ConfigException(name, value, "must be " + this);
            }
        }

        @Override
        public String toString() {
            return "0 or in [" + LEAST + ",...," + MOST + "]";
        }
    }

    private static Set<String> defineWithoutEffect(ConfigDef def) {
        Set<String> names = new TreeSet<>();
        String file = "keys-without-effect.txt";
        try (InputStream in = BrokerKeys.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException("resource " + file + " is missing from the jar");
            }
            BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.isBlank() && !line.startsWith("#")) {
                    String[] column = line.split(" ", 4);
                    def.define(
                            column[0],
                            ConfigDef.Type.valueOf(column[1]),
                            column[2].equals("-") ? absent(column[1]) : column[2],
                            range(column[3]),
                            LOW,
                            "Accepted as Kafka's key; changes nothing here yet.");
                    names.add(column[0]);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("resource " + file + " in the jar can't be read", e);
        }
        return names;
    }

    private static @Nullable Object absent(String type) {
        return type.equals("LIST") ? "" : null;
    }

    private static ConfigDef.@Nullable Validator range(String range) {
        if (range.equals("-")) {
            return null;
        }
        int dots = range.indexOf("..");
        String min = range.substring(0, dots);
        String max = range.substring(dots + 2);
        return max.isEmpty() ? atLeast(Long.parseLong(min)) : between(Long.parseLong(min), Double.parseDouble(max));
    }

    private BrokerKeys() {}
}
