package io.odradek.broker.request;

import io.odradek.broker.net.ApiHandler;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.partition.HostedShard;
import io.odradek.broker.partition.PartitionHost;
import io.odradek.broker.partition.Partitions;
import io.odradek.engine.LogDirectory;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import org.apache.kafka.common.message.DescribeLogDirsRequestData;
import org.apache.kafka.common.message.DescribeLogDirsRequestData.DescribableLogDirTopic;
import org.apache.kafka.common.message.DescribeLogDirsResponseData;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsPartition;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsResult;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsTopic;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** DescribeLogDirs: what lies in each log directory, and how much room there is (KIP-113, KIP-827). */
public final class DescribeLogDirsHandler implements ApiHandler {
    private static final Logger LOG = LoggerFactory.getLogger(DescribeLogDirsHandler.class);

    private final Partitions partitions;
    private final Executor blocking;

    /** @param blocking where a task may ask the file system, which can take long when its disk is in trouble */
    public DescribeLogDirsHandler(Partitions partitions, Executor blocking) {
        this.partitions = partitions;
        this.blocking = blocking;
    }

    @Override
    public void handle(Request request, Reply reply) {
        DescribeLogDirsRequestData body = (DescribeLogDirsRequestData) request.body();
        blocking.execute(() -> reply.send(answer(body)));
    }

    private DescribeLogDirsResponseData answer(DescribeLogDirsRequestData body) {
        Map<String, Set<Integer>> wanted = wanted(body);
        Set<LogDirectory> directories = new LinkedHashSet<>();
        for (HostedShard shard : partitions.shards()) {
            directories.add(shard.directory());
        }
        Map<LogDirectory, Map<String, DescribeLogDirsTopic>> found = new HashMap<>();
        partitions.forEach(host -> {
            String topic = host.partition().topic();
            if (body.topics() == null
                    || wanted.getOrDefault(topic, Set.of())
                            .contains(host.partition().partition())) {
                found.computeIfAbsent(host.directory(), _ -> new LinkedHashMap<>())
                        .computeIfAbsent(topic, name -> new DescribeLogDirsTopic().setName(name))
                        .partitions()
                        .add(describe(host));
            }
        });
        List<DescribeLogDirsResult> results = new ArrayList<>();
        for (LogDirectory directory : directories) {
            results.add(describe(directory, found.getOrDefault(directory, Map.of())));
        }
        for (Path unopened : partitions.outOfReach().directories()) {
            results.add(new DescribeLogDirsResult()
                    .setLogDir(unopened.toAbsolutePath().toString())
                    .setErrorCode(Errors.KAFKA_STORAGE_ERROR.code()));
        }
        return new DescribeLogDirsResponseData().setResults(results);
    }

    private static Map<String, Set<Integer>> wanted(DescribeLogDirsRequestData body) {
        Map<String, Set<Integer>> wanted = new HashMap<>();
        if (body.topics() != null) {
            for (DescribableLogDirTopic topic : body.topics()) {
                wanted.computeIfAbsent(topic.topic(), _ -> new HashSet<>()).addAll(topic.partitions());
            }
        }
        return wanted;
    }

    private static DescribeLogDirsPartition describe(PartitionHost host) {
        // As in Kafka: how far the log is behind what is known to be committed, never negative.
        long lag = Math.max(
                0, host.view().highWatermark().offset() - host.log().view().logEndOffset());
        return new DescribeLogDirsPartition()
                .setPartitionIndex(host.partition().partition())
                .setPartitionSize(host.log().view().sizeBytes())
                .setOffsetLag(lag)
                .setIsFutureKey(false);
    }

    private static DescribeLogDirsResult describe(LogDirectory directory, Map<String, DescribeLogDirsTopic> topics) {
        String path = directory.path().toAbsolutePath().toString();
        DescribeLogDirsResult result = new DescribeLogDirsResult().setLogDir(path);
        if (directory.isOffline()) {
            return result.setErrorCode(Errors.KAFKA_STORAGE_ERROR.code());
        }
        result.setTopics(new ArrayList<>(topics.values()));
        @Nullable FileStore store = null;
        try {
            store = Files.getFileStore(directory.path());
            return result.setTotalBytes(store.getTotalSpace()).setUsableBytes(store.getUsableSpace());
        } catch (IOException e) {
            LOG.warn("{}: the file system {} doesn't say how large it is", path, store, e);
            return result;
        }
    }
}
